import fhirpath from 'fhirpath'; import r4 from 'fhirpath/fhir-context/r4/index.js';
const e=(x:string)=>{try{return fhirpath.evaluate({},x,undefined,undefined,{async:false} as any)}catch(err){return String(err).slice(0,200)}};
console.log(e("-1 'g' < 0 'kg'"),e("(-1 'g') < 0 'kg'"),e("11000 'g' > 10 'kg'"),e("0 'g' < 1 'kg'"));
const p={resourceType:'Patient',generalPractitioner:[{reference:'#p1'}]};
for(const base of ['Patient.generalPractitioner','Reference']) for(const x of ["%context.type().name","%resource.type().name","$this.type().name","%rootResource.type().name"]) console.log(base,x,(()=>{try{return fhirpath.compile({base,expression:x},r4 as any,{async:false} as any)(p.generalPractitioner[0],{resource:p,rootResource:p})}catch(err){return String(err)}})());
