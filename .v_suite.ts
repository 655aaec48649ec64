import { judgeValidatorCases } from './src/conformance/suite/judge-validator-cases.ts';
import { openDefinitions } from './src/definitions/index.ts';
import { scanJson } from './src/rest/scan-json.ts';
const definitions=await openDefinitions({profiles:new URL('./profiles',import.meta.url).pathname});
const s=judgeValidatorCases('/work/ref/fhir-test-cases/validator',{definitions,parse:(t)=>{scanJson(t,64);return JSON.parse(t)}});
const only=process.argv[2];
let a=0;for(const c of s.compared){ if(c.agrees)a++; if(only?c.name!==only:c.agrees)continue; console.log((c.agrees?'✓ ':'✗ ')+c.name); for(const o of c.ours.slice(0,6))console.log('   ours ',o.key,o.expression?.join(),o.diagnostics?.slice(0,220)); for(const t of c.theirs.slice(0,6))console.log('   java ',t.slice(0,260)); }
console.log(a,s.compared.length,(a/s.compared.length*100).toFixed(1)); console.log(s.leftOut);
