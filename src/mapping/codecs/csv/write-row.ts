/** One row as text. What could be read as something else stands in quotes. */
export function writeRow(cells: readonly string[], delimiter: string): string {
  const isAmbiguous = (cell: string): boolean =>
    cell.includes(delimiter) || /^\s|\s$|["\r\n\ufeff]/.test(cell);
  // A row with nothing in its only cell would be an empty line.
  const isEmptyLine = cells.length === 1 && cells[0] === '';
  const texts = cells.map((cell) =>
    isEmptyLine || isAmbiguous(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${texts.join(delimiter)}\r\n`;
}
