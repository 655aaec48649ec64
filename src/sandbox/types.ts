/** What a stand-in is given from outside, so that its behaviour in a test is repeatable. */
export interface SandboxDependencies {
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}
