/** A minimal `$metadata` document: enough for a client to see the fields of a ticket. */
import type { ticketRules } from './ticket-rules.ts';

const TYPES = { string: 'Edm.String', date: 'Edm.DateTimeOffset' } as const;

/** https://www.odata.org/documentation/odata-version-3-0/common-schema-definition-language-csdl/ */
export function renderMetadata(rules: ReturnType<typeof ticketRules>): string {
  const properties = [...rules].flatMap(([name, rule]) => {
    if (rule.kind === 'texts') return [];
    const length = rule.maxLength === undefined ? '' : ` MaxLength="${rule.maxLength}"`;
    const writable = rule.readOnly ? 'false' : 'true';
    return [
      `<Property Name="${name}" Type="${TYPES[rule.kind]}"${length} sap:creatable="${writable}" sap:updatable="${writable}"/>`,
    ];
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" xmlns:sap="http://www.sap.com/Protocols/SAPData">
<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" m:DataServiceVersion="2.0">
<Schema Namespace="c4codata" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
<EntityType Name="ServiceRequest"><Key><PropertyRef Name="ObjectID"/></Key>
${properties.join('\n')}
<NavigationProperty Name="ServiceRequestTextCollection" Relationship="c4codata.ServiceRequest_Text" FromRole="ServiceRequest" ToRole="ServiceRequestText"/>
</EntityType>
<EntityType Name="ServiceRequestText"><Key><PropertyRef Name="ObjectID"/></Key>
<Property Name="ObjectID" Type="Edm.String" Nullable="false"/><Property Name="TypeCode" Type="Edm.String"/><Property Name="Text" Type="Edm.String"/>
</EntityType>
<Association Name="ServiceRequest_Text"><End Role="ServiceRequest" Type="c4codata.ServiceRequest" Multiplicity="1"/><End Role="ServiceRequestText" Type="c4codata.ServiceRequestText" Multiplicity="*"/></Association>
<EntityContainer Name="c4codata" m:IsDefaultEntityContainer="true"><EntitySet Name="ServiceRequestCollection" EntityType="c4codata.ServiceRequest"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;
}
