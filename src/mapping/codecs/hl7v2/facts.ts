/**
 * What HL7 v2 says of its data types, segments and messages, as facts: the type at each position. Later versions only
 * add positions and widen types (IS → CWE, TS → DTM), so one table reads them all; the widest is here.
 *
 * A type with `*` may repeat. Groups of messages are in braces, optional parts with `?`.
 *
 * @see https://www.hl7.eu/HL7v2x/v251/hl7v251.htm and https://www.hl7.eu/HL7v2x/v28/hl7v28.htm
 */

/** Types that are one text. */
export const PRIMITIVES: ReadonlySet<string> = new Set('ST NM SI ID IS DT TM DTM TX FT GTS TN'.split(' '));

/** Types of older versions and the ones that took their place. */
export const RENAMED: Readonly<Record<string, string>> = { CE: 'CWE', CNE: 'CWE', CF: 'CWE', TS: 'DTM' };

/** Types that OBX-5 can have besides the primitive ones. */
export const OBSERVED = 'CWE CX CP CQ DR ED EI HD MO PL RP SN XAD XCN XON XPN XTN'.split(' ');

/** Types by name: the type of each component. */
export const TYPES: Readonly<Record<string, string>> = {
  AUI: 'ST DT ST',
  CNN: 'ST ST ST ST ST ST IS IS IS ST ID',
  CP: 'MO ID NM NM CWE ID',
  CQ: 'NM CWE',
  CWE: 'ST ST ID ST ST ID ST ST ST ST ST ID ST ST ST DTM ST ST DTM ST ST DTM',
  CX: 'ST ST ID HD ID HD DT DT CWE CWE ST ID',
  DLD: 'CWE DTM',
  DLN: 'ST CWE DT',
  DR: 'DTM DTM',
  ED: 'HD ID ID ID TX',
  EI: 'ST IS ST ID',
  EIP: 'EI EI',
  ELD: 'ST NM NM CWE',
  ERL: 'ST NM NM NM NM NM',
  FC: 'CWE DTM',
  FN: 'ST ST ST ST ST',
  HD: 'IS ST ID',
  JCC: 'CWE CWE TX',
  MO: 'NM ID',
  MOC: 'MO CWE',
  MSG: 'ID ID ID',
  NDL: 'CNN DTM DTM IS IS IS HD IS IS IS IS',
  OG: 'ST NM NM ST',
  OSD: 'ID ST IS ST IS ST NM ST ID ST ID',
  PL: 'HD HD HD HD IS IS HD HD ST EI HD',
  PRL: 'CWE ST TX',
  PT: 'ID ID',
  RI: 'IS ST',
  RP: 'ST HD ID ID',
  RPT: 'CWE ID NM NM IS ID ID ID NM IS GTS',
  SAD: 'ST ST ST',
  SN: 'ST NM ST NM',
  SPS: 'CWE CWE TX CWE CWE CWE CWE',
  TQ: 'CQ RI ST DTM DTM ST ST TX ID OSD CWE NM',
  VID: 'ID CWE CWE',
  XAD: 'SAD ST ST ST ST ID ID ST CWE CWE ID DR DTM DTM CWE ID ID ID ST ST NM CWE EI',
  XCN: 'ST FN ST ST ST ST IS CWE HD ID ST ID ID HD ID CWE DR ID DTM DTM ST CWE CWE ST ID',
  XON: 'ST CWE NM ID ID HD ID HD ID ST',
  XPN: 'FN ST ST ST ST IS ID ID CWE DR ID DTM DTM ST ST',
  XTN: 'ST ID ID ST ST ST ST ST ST ST ST ST DTM DTM CWE CWE EI NM',
};

/** Segments by name: the type of each field. `?` is the type that OBX-2 names. */
export const SEGMENTS: Readonly<Record<string, string>> = {
  AIG: 'SI ID CWE CWE CWE* NM CWE DTM NM CWE NM CWE ID CWE',
  AIL: 'SI ID PL* CWE CWE DTM NM CWE NM CWE ID CWE',
  AIP: 'SI ID XCN* CWE CWE DTM NM CWE NM CWE ID CWE',
  AIS: 'SI ID CWE DTM NM CWE NM CWE ID CWE CWE* CWE*',
  AL1: 'SI CWE CWE CWE ST* DT',
  DG1: 'SI ID CWE ST DTM CWE CWE CWE ID CWE CWE NM CP ST NM XCN* CWE ID DTM EI ID CWE CWE ID EI EI',
  ERR: 'ELD* ERL* CWE ID CWE ST* TX TX IS* CWE CWE* XTN*',
  EVN: 'ID DTM DTM CWE XCN* DTM HD',
  MRG: 'CX* CX* CX CX CX CX XPN*',
  MSA: 'ID ST ST NM ID CWE NM ID',
  MSH: 'ST ST HD HD HD HD DTM ST MSG ST PT VID NM ST ID ID ID ID* CWE ID EI* XON XON HD HD',
  NK1:
    'SI XPN* CWE XAD* XTN* XTN* CWE DT DT ST JCC CX XON* CWE CWE DTM CWE* CWE* CWE* CWE CWE ID CWE CWE CWE XPN* CWE ' +
    'CWE* CWE* XPN* XTN* XAD* CX* CWE CWE* CWE ST ST CWE XTN CWE',
  NTE: 'SI ID FT* CWE XCN DTM DTM DTM CWE*',
  OBR:
    'SI EI EI CWE ID DTM DTM DTM CQ XCN* ID CWE CWE* DTM SPS XCN* XTN* ST ST ST ST DTM MOC ID ID PRL TQ* XCN* EIP ID ' +
    'CWE* NDL NDL* NDL* NDL* DTM NM CWE* CWE* CWE ID ID CWE* CWE CWE* CWE* CWE* CWE CWE CWE EI EI CX* EIP',
  OBX:
    'SI ID CWE OG ?* CWE ST CWE* NM ID* ID DTM ST DTM CWE XCN* CWE* EI* DTM CWE* EI CWE* XON XAD XCN ID ID CWE CWE* ' +
    'ID ID',
  ORC:
    'ID EI EI EI ID ID TQ* EIP DTM XCN* XCN* XCN* PL XTN* DTM CWE CWE CWE XCN* CWE XON* XAD* XTN* XAD* CWE CWE DTM ' +
    'CWE CWE CWE CWE DT CX*',
  PD1: 'CWE* CWE XON* XCN* CWE CWE CWE CWE ID CX* CWE ID DT XON* CWE* CWE DT DT CWE CWE CWE DT',
  PID:
    'SI CX CX* CX* XPN* XPN* DTM CWE XPN* CWE* XAD* IS XTN* XTN* CWE CWE CWE CX ST DLN CX* CWE* ST ID NM CWE* CWE CWE ' +
    'DTM ID ID CWE* DTM HD CWE CWE ST CWE CWE* XTN*',
  PV1:
    'SI CWE PL CWE CX PL XCN* XCN* XCN* CWE PL CWE CWE CWE CWE* CWE XCN* CWE CX FC* CWE CWE CWE CWE* DT* NM* NM* CWE ' +
    'CWE DT CWE NM NM CWE DT CWE DLD CWE CWE IS CWE PL PL DTM DTM* NM NM NM NM CX CWE XCN* ST CX',
  PV2:
    'PL CWE CWE CWE ST* ST CWE* DTM DTM NM NM ST XCN* DT ID CWE DT CWE ID NM CWE ID XON* CWE CWE DT CWE DT DT CWE CWE ' +
    'ID DTM ID ID ID ID CWE CWE CWE* CWE CWE CWE CWE CWE* DT DTM DTM CWE* CWE*',
  RGS: 'SI ID CWE',
  SCH: 'EI EI NM EI CWE CWE CWE CWE NM CWE TQ* XCN* XTN XAD* PL XCN* XTN* XAD PL XCN* XTN* PL EI EI CWE EI* EI*',
  SFT: 'XON ST ST ST TX DTM',
  SPM:
    'SI EIP EIP* CWE CWE* CWE* CWE CWE CWE* CWE CWE* CQ NM ST* CWE* CWE* DR DTM DTM ID CWE* CWE CWE CWE* CQ NM CWE ' +
    'CWE CWE',
  TQ1: 'SI CQ RPT* TM* CQ* CQ* DTM DTM CWE* TX TX ID CQ NM',
};

/** Messages by the name of their structure (MSH-9.3). */
export const MESSAGES: Readonly<Record<string, string>> = {
  ACK: 'MSH SFT* MSA ERR*',
  ADT_A01: 'MSH SFT* EVN PID PD1? NK1* PV1 PV2? OBX* AL1* DG1*',
  ADT_A05: 'MSH SFT* EVN PID PD1? NK1* PV1 PV2? OBX* AL1* DG1*',
  ADT_A39: 'MSH SFT* EVN PATIENT*{ PID PD1? MRG PV1? }',
  ORU_R01:
    'MSH SFT* PATIENT_RESULT*{ PATIENT?{ PID PD1? NTE* NK1* VISIT?{ PV1 PV2? } } ' +
    'ORDER_OBSERVATION*{ ORC? OBR NTE* TIMING_QTY*{ TQ1 } OBSERVATION*{ OBX NTE* } SPECIMEN*{ SPM OBX* } } }',
  SIU_S12:
    'MSH SCH TQ1* NTE* PATIENT*{ PID PD1? PV1? PV2? OBX* DG1* } RESOURCES*{ RGS SERVICE*{ AIS NTE* } ' +
    'GENERAL_RESOURCE*{ AIG NTE* } LOCATION_RESOURCE*{ AIL NTE* } PERSONNEL_RESOURCE*{ AIP NTE* } }',
};

/** Groups that must be there at least once, although they repeat. */
export const REQUIRED_GROUPS: ReadonlySet<string> = new Set([
  'ORU_R01.PATIENT_RESULT',
  'ORU_R01.PATIENT_RESULT.ORDER_OBSERVATION',
  'ADT_A39.PATIENT',
  'SIU_S12.RESOURCES',
]);
