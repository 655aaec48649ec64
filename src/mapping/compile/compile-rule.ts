/**
 * Rules as steps: for every combination of source items, write the targets, call the groups, run the inner rules.
 *
 * @see https://build.fhir.org/mapping-language.html#rules
 */
import type { RuleNode } from '../tree.ts';
import { compileCall } from './compile-call.ts';
import { compileDefaultRule, isDefaultRule } from './compile-default-rule.ts';
import { compileSource } from './compile-source.ts';
import { compileTarget } from './compile-target.ts';
import type { Step } from './frame.ts';
import { type Scope, siteOf } from './scope.ts';

/** Runs steps one after the other. */
export function inOrder(steps: readonly Step[]): Step {
  const [first, second, third, ...rest] = steps;
  if (!first) return () => undefined;
  if (!second) return first;
  const last = third && rest.length > 0 ? inOrder([third, ...rest]) : third;
  if (!last)
    return (frame) => {
      first(frame);
      second(frame);
    };
  return (frame) => {
    first(frame);
    second(frame);
    last(frame);
  };
}

function compileBody(rule: RuleNode, scope: Scope, itemName: string | undefined): Step {
  const item = itemName === undefined ? undefined : scope.find(itemName);
  const writes: Step[] = [];
  const prunes: Step[] = [];
  const goesOn = rule.dependents.length + rule.rules.length > 0;
  for (const node of rule.targets) {
    // `src -> tgt then …` writes nothing itself.
    const isBare = node.path.length === 0 && !node.transform && node.variable === undefined;
    if (isBare && goesOn && node.context !== undefined) {
      scope.require(node.context, node.position);
      continue;
    }
    const code = compileTarget({ node, scope, site: siteOf(node.position, rule.name), item });
    if (code) writes.push(code.write);
    if (code?.prune) prunes.unshift(code.prune);
  }
  const calls = rule.dependents.map((node) => compileCall(node, scope, rule));
  const inner = rule.rules.map((each) => compileRule(each, scope.nest()));
  return inOrder([...writes, ...calls, ...inner, ...prunes]);
}

function observe(rule: RuleNode, body: Step): Step {
  return (frame) => {
    frame.run.observer?.applied?.(rule.position);
    body(frame);
  };
}

/** Compiles a rule in a scope of its own; what is wrong becomes diagnostics. */
export function compileRule(rule: RuleNode, outer: Scope): Step {
  const scope = outer.nest();
  const sources = rule.sources.map((node) => compileSource(node, scope, siteOf(node.position, rule.name)));
  const [first] = sources;
  const body = isDefaultRule(rule)
    ? compileDefaultRule(rule, scope, first?.variable)
    : compileBody(rule, scope, first?.variable.name);
  const observed = scope.build.instrumented ? observe(rule, body) : body;
  return sources.reduceRight<Step>((next, source) => source?.loop(next) ?? (() => undefined), observed);
}
