/** A way between the text of a message and the values that maps read and write. */
export interface Codec {
  /**
   * Reads a text.
   * @param file the name used in errors
   * @throws MappingError with line and column when the text is not of the format
   */
  parse(text: string, file: string): unknown;
  /** Writes a value; `parse` of the result gives an equal value. */
  print(value: unknown): string;
}
