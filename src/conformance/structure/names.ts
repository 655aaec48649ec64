/** `value[x]` → `value`. */
export function stem(name: string): string {
  return name.endsWith('[x]') ? name.slice(0, -3) : name;
}
