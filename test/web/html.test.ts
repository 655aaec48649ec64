import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { html, toText } from '../../src/web/html.ts';

describe('a template of HTML', () => {
  it('escapes text in elements and in quoted attributes', () => {
    const wicked = `"><script>alert('1')</script>&`;
    expect(toText(html`<p title="${wicked}">${wicked}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</p>',
    );
  });

  it('takes HTML, lists, numbers and nothing as they are', () => {
    const items = ['a', 'b'].map((one) => html`<li>${one}</li>`);
    expect(toText(html`<ul>${items}</ul>${0}${undefined}${false}${null}`)).toBe(
      '<ul><li>a</li><li>b</li></ul>0',
    );
  });

  it('escapes what merely looks like a piece of HTML', () => {
    const forged = JSON.parse('{"html":"<b>","toString":"x"}') as never;
    expect(toText(html`${forged}`)).not.toContain('<b>');
  });

  it('never lets an inserted text open a tag or leave an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const inside = toText(html`${text}`);
        expect(inside).not.toMatch(/[<>"']/);
        expect(inside.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });
});
