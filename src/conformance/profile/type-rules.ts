/**
 * What a profile says of the types of an element: which resources, which profiles of them, which targets.
 *
 * @see https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
 */
import type { Element } from '../../definitions/index.ts';
import { finding } from '../finding.ts';
import { isObject, sameJson } from '../json.ts';
import { at } from '../place.ts';
import { resolveLocally } from '../structure/bundle-index.ts';
import { checkTarget } from '../structure/references.ts';
import { report, type ValueCheck } from '../structure/run.ts';
import type { Types } from '../structure/types.ts';
import { within } from './node.ts';
import { conforms } from './slices.ts';

type ElementType = Element['types'][number];

/** The checks that `base` does not make already. */
export function typeRules(
  element: Element,
  type: ElementType,
  base: Element | undefined,
  types: Types,
): readonly ValueCheck[] {
  const before = base?.types.find(({ code }) => code === type.code);
  const rules: ValueCheck[] = [];
  if (type.code === 'Reference' && !sameJson(type.targetProfiles, before?.targetProfiles)) {
    rules.push(checkTarget(type, types.definitions), targetRule(type.targetProfiles ?? [], types));
  }
  const isFirst = element.types[0] === type;
  if (isResource(type, types)) return isFirst ? [resourceRule(element.types, types)] : [];
  const profiles = type.profiles ?? [];
  if (profiles.length > 0 && !sameJson(profiles, before?.profiles)) rules.push(profileRule(profiles, types));
  return rules;
}

/** What a reference means must conform to one of its target profiles, when it is at hand. */
function targetRule(profiles: readonly string[], types: Types): ValueCheck {
  return (value, parent, step, index, run) => {
    const target = resolveLocally(value, run);
    if (!target || profiles.length === 0) return;
    if (profiles.some((url) => !types.definitions.structure(url) || conforms(target, url, run, types)))
      return;
    const text = `What ${step} refers to conforms to none of ${profiles.join(', ')}.`;
    report(run, 'structure', 'profile', parent, step, index, text);
  };
}

function isResource({ code }: ElementType, types: Types): boolean {
  return code !== 'Resource' && types.definitions.structure(code)?.kind === 'resource';
}

/** A resource must be of one of the types, and of one of that type's profiles. */
function resourceRule(allowed: readonly ElementType[], types: Types): ValueCheck {
  const profilesOf = new Map(allowed.map(({ code, profiles }) => [code, profiles ?? []]));
  const names = [...profilesOf.keys()];
  return (value, parent, step, index, run) => {
    if (!isObject(value)) return;
    const profiles = profilesOf.get(String(value['resourceType']));
    if (profiles) {
      if (profiles.length > 0) profileRule(profiles, types)(value, parent, step, index, run);
    } else if (!profilesOf.has('DomainResource')) {
      report(
        run,
        'structure',
        'resource-type',
        parent,
        step,
        index,
        `${step} must be ${names.join(' or ')}.`,
      );
    }
  };
}

/** One of the profiles; when there is only one, what it finds is told in full. */
function profileRule(profiles: readonly string[], types: Types): ValueCheck {
  const [only] = profiles;
  return (value, parent, step, index, run) => {
    if (!isObject(value)) return;
    const place = at(parent, step, index);
    const inside = within(value, step, place, run);
    if (profiles.length === 1 && only !== undefined) {
      types.profile(only)?.(value, place, inside);
      return;
    }
    const known = profiles.filter((url) => types.definitions.structure(url));
    if (known.length < profiles.length || known.some((url) => conforms(value, url, inside, types))) return;
    const text = `${step} conforms to none of its profiles: ${profiles.join(', ')}.`;
    run.issues.push(finding('structure', 'profile', place, text));
  };
}
