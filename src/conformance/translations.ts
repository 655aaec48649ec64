/** What is said about answers, in Finnish and Swedish, by the English template; the values keep their order. */
export const TRANSLATIONS: Readonly<Record<string, { readonly fi: string; readonly sv: string }>> = {
  "'{}' does not repeat, but is there {} times.": {
    fi: "Kohta '{}' ei toistu, mutta se esiintyy {} kertaa.",
    sv: "'{}' upprepas inte, men förekommer {} gånger.",
  },
  "'{}' has {} repetitions; the least is {}.": {
    fi: "Kohdassa '{}' on {} toistoa; vähimmäismäärä on {}.",
    sv: "'{}' har {} upprepningar; det minsta antalet är {}.",
  },
  "'{}' has {} repetitions; the most is {}.": {
    fi: "Kohdassa '{}' on {} toistoa; enimmäismäärä on {}.",
    sv: "'{}' har {} upprepningar; det största antalet är {}.",
  },
  "'{}' has {} answers; the least is {}.": {
    fi: "Kohdan '{}' vastausten määrä on {}; vähimmäismäärä on {}.",
    sv: "'{}' har {} svar; det minsta antalet är {}.",
  },
  "'{}' has {} answers; the most is {}.": {
    fi: "Kohdan '{}' vastausten määrä on {}; enimmäismäärä on {}.",
    sv: "'{}' har {} svar; det största antalet är {}.",
  },
  "'{}' has type '{}' and cannot be answered.": {
    fi: "Kohdan '{}' tyyppi on '{}', eikä siihen voi vastata.",
    sv: "'{}' är av typen '{}' och kan inte besvaras.",
  },
  "'{}' is a group: it holds items and cannot be answered itself.": {
    fi: "'{}' on ryhmä: siinä on kohtia, eikä siihen itseensä voi vastata.",
    sv: "'{}' är en grupp: den innehåller frågor och kan inte själv besvaras.",
  },
  "'{}' is a question: items below it go inside its answer.": {
    fi: "'{}' on kysymys: sen alakohdat kuuluvat sen vastauksen sisään.",
    sv: "'{}' är en fråga: det som hör till den ska finnas i dess svar.",
  },
  "'{}' is not enabled by the other answers, so it must not be answered.": {
    fi: "Kohta '{}' ei muiden vastausten perusteella ole käytössä, joten siihen ei pidä vastata.",
    sv: "'{}' är inte aktuell enligt de övriga svaren och ska därför inte besvaras.",
  },
  "'{}' takes one answer, but has {}.": {
    fi: "Kohtaan '{}' annetaan yksi vastaus, mutta niitä on {}.",
    sv: "'{}' ska ha ett svar, men har {}.",
  },
  "'{}' stands after '{}', but the questionnaire has it before.": {
    fi: "Kohta '{}' on kohdan '{}' jäljessä, mutta lomakkeella se on ennen sitä.",
    sv: "'{}' står efter '{}', men i formuläret står den före.",
  },
  "'{}' does not belong here; the questionnaire has it inside '{}'.": {
    fi: "Kohta '{}' ei kuulu tähän; lomakkeella se on kohdan '{}' sisällä.",
    sv: "'{}' hör inte hemma här; i formuläret finns den inuti '{}'.",
  },
  "'{}' does not belong here; the questionnaire has it at the top of the response.": {
    fi: "Kohta '{}' ei kuulu tähän; lomakkeella se on ylimmällä tasolla.",
    sv: "'{}' hör inte hemma här; i formuläret finns den på högsta nivån.",
  },
  "'{}' is read-only: its answer must stay the initial value of the questionnaire.": {
    fi: "Kohta '{}' on vain luettavissa: sen vastauksena on säilytettävä lomakkeen alkuarvo.",
    sv: "'{}' kan bara läsas: svaret ska förbli formulärets ursprungliga värde.",
  },
  'A {} cannot answer a questionnaire; a QuestionnaireResponse can.': {
    fi: 'Resurssilla {} ei voi vastata lomakkeeseen; siihen käytetään resurssia QuestionnaireResponse.',
    sv: '{} kan inte besvara ett formulär; det kan QuestionnaireResponse.',
  },
  "An answer to '{}' has no value.": {
    fi: "Kohdan '{}' vastauksella ei ole arvoa.",
    sv: "Ett svar på '{}' saknar värde.",
  },
  "An exclusive option of '{}' was chosen together with others; it must be the only answer.": {
    fi: "Kohdassa '{}' valittiin muiden rinnalle vaihtoehto, jonka on oltava ainoa vastaus.",
    sv: "I '{}' valdes tillsammans med andra ett alternativ som måste vara det enda svaret.",
  },
  "The answer to '{}' must be of type {}, not {}.": {
    fi: "Kohdan '{}' vastauksen tyypin on oltava {}, ei {}.",
    sv: "Svaret på '{}' ska vara av typen {}, inte {}.",
  },
  "The answer to '{}' cannot be compared with the least allowed, {}: system and code of both units are needed, of one dimension.":
    {
      fi: "Kohdan '{}' vastausta ei voi verrata pienimpään sallittuun arvoon {}: molemmille yksiköille tarvitaan koodisto ja koodi, ja niiden on oltava samaa suuretta.",
      sv: "Svaret på '{}' kan inte jämföras med det minsta tillåtna värdet {}: båda enheterna behöver kodsystem och kod och måste gälla samma storhet.",
    },
  "The answer to '{}' cannot be compared with the most allowed, {}: system and code of both units are needed, of one dimension.":
    {
      fi: "Kohdan '{}' vastausta ei voi verrata suurimpaan sallittuun arvoon {}: molemmille yksiköille tarvitaan koodisto ja koodi, ja niiden on oltava samaa suuretta.",
      sv: "Svaret på '{}' kan inte jämföras med det största tillåtna värdet {}: båda enheterna behöver kodsystem och kod och måste gälla samma storhet.",
    },
  "The answer to '{}' does not match the form '{}'.": {
    fi: "Kohdan '{}' vastaus ei ole vaadittua muotoa '{}'.",
    sv: "Svaret på '{}' har inte den form som krävs, '{}'.",
  },
  "The answer to '{}' has {} decimal places; the most is {}.": {
    fi: "Kohdan '{}' vastauksessa on {} desimaalia; enimmäismäärä on {}.",
    sv: "Svaret på '{}' har {} decimaler; det största antalet är {}.",
  },
  "The answer to '{}' is {} characters long; the least is {}.": {
    fi: "Kohdan '{}' vastauksen pituus on {} merkkiä; vähimmäispituus on {}.",
    sv: "Svaret på '{}' är {} tecken långt; minsta längden är {}.",
  },
  "The answer to '{}' is {} characters long; the most is {}.": {
    fi: "Kohdan '{}' vastauksen pituus on {} merkkiä; enimmäispituus on {}.",
    sv: "Svaret på '{}' är {} tecken långt; största längden är {}.",
  },
  "The answer to '{}' is out of range; the least is {}.": {
    fi: "Kohdan '{}' vastaus ei ole sallitulla välillä; pienin sallittu arvo on {}.",
    sv: "Svaret på '{}' ligger utanför det tillåtna; det minsta tillåtna värdet är {}.",
  },
  "The answer to '{}' is out of range; the most is {}.": {
    fi: "Kohdan '{}' vastaus ei ole sallitulla välillä; suurin sallittu arvo on {}.",
    sv: "Svaret på '{}' ligger utanför det tillåtna; det största tillåtna värdet är {}.",
  },
  "The answer to '{}' is not in its value set '{}'.": {
    fi: "Kohdan '{}' vastaus ei kuulu sen arvojoukkoon '{}'.",
    sv: "Svaret på '{}' ingår inte i dess värdeuppsättning '{}'.",
  },
  "The answer to '{}' is not one of its options. Allowed: {}.": {
    fi: "Kohdan '{}' vastaus ei ole mikään sen vaihtoehdoista. Sallitut: {}.",
    sv: "Svaret på '{}' är inget av dess alternativ. Tillåtna: {}.",
  },
  "The answer to '{}' may not refer to {}. Allowed: {}.": {
    fi: "Kohdan '{}' vastaus ei saa viitata resurssiin {}. Sallitut: {}.",
    sv: "Svaret på '{}' får inte hänvisa till {}. Tillåtna: {}.",
  },
  "The answer to '{}' refers to a resource type that does not exist.{}": {
    fi: "Kohdan '{}' vastaus viittaa resurssityyppiin, jota ei ole.{}",
    sv: "Svaret på '{}' hänvisar till en resurstyp som inte finns.{}",
  },
  "The attachment for '{}' has {} bytes; the most is {}.": {
    fi: "Kohdan '{}' liitteessä on {} tavua; enimmäiskoko on {}.",
    sv: "Bilagan till '{}' har {} byte; den största storleken är {}.",
  },
  "The attachment for '{}' must be of type {}.": {
    fi: "Kohdan '{}' liitteen tyypin on oltava {}.",
    sv: "Bilagan till '{}' ska vara av typen {}.",
  },
  "The display of the answer to '{}' is not a name of its code. It is called '{}'.": {
    fi: "Kohdan '{}' vastauksen näyttöteksti ei ole sen koodin nimi. Koodin nimi on '{}'.",
    sv: "Visningstexten i svaret på '{}' är inte ett namn på dess kod. Koden heter '{}'.",
  },
  "The questionnaire has no item '{}'.{}": {
    fi: "Lomakkeella ei ole kohtaa '{}'.{}",
    sv: "Formuläret har ingen fråga '{}'.{}",
  },
  "The questionnaire has status '{}'; only an active one should be answered.": {
    fi: "Lomakkeen tila on '{}'; vain voimassa olevaan (active) lomakkeeseen kuuluu vastata.",
    sv: "Formuläret har status '{}'; bara ett aktivt (active) formulär bör besvaras.",
  },
  "The regular expression of '{}' cannot be used here, so the answer was not checked by it.": {
    fi: "Kohdan '{}' säännöllistä lauseketta ei voi käyttää tässä, joten vastausta ei tarkistettu sillä.",
    sv: "Det reguljära uttrycket för '{}' kan inte användas här, så svaret kontrollerades inte med det.",
  },
  "The required group '{}' has no answer.": {
    fi: "Pakollisesta ryhmästä '{}' puuttuu vastaus.",
    sv: "Den obligatoriska gruppen '{}' saknar svar.",
  },
  "The required group '{}' is empty.": {
    fi: "Pakollinen ryhmä '{}' on tyhjä.",
    sv: "Den obligatoriska gruppen '{}' är tom.",
  },
  "The required question '{}' has no answer.": {
    fi: "Pakolliseen kysymykseen '{}' ei ole vastattu.",
    sv: "Den obligatoriska frågan '{}' saknar svar.",
  },
  "The response names another questionnaire than the one it was checked by, '{}'.": {
    fi: "Vastauksessa nimetään toinen lomake kuin se, jolla se tarkistettiin, '{}'.",
    sv: "Svaret anger ett annat formulär än det som det kontrollerades mot, '{}'.",
  },
  'The response names version {}; it was checked by version {}.': {
    fi: 'Vastauksessa nimetään versio {}; se tarkistettiin versiolla {}.',
    sv: 'Svaret anger version {}; det kontrollerades mot version {}.',
  },
  'The response was authored after the questionnaire went out of use on {}.': {
    fi: 'Vastaus on annettu sen jälkeen, kun lomake poistui käytöstä {}.',
    sv: 'Svaret gavs efter att formuläret togs ur bruk {}.',
  },
  'The response was authored before the questionnaire came into use on {}.': {
    fi: 'Vastaus on annettu ennen kuin lomake tuli käyttöön {}.',
    sv: 'Svaret gavs innan formuläret togs i bruk {}.',
  },
  "The rule '{}' of the questionnaire does not hold: {}": {
    fi: "Lomakkeen ehto '{}' ei täyty: {}",
    sv: "Formulärets villkor '{}' är inte uppfyllt: {}",
  },
  "The rule '{}' of the questionnaire could not be judged here.": {
    fi: "Lomakkeen ehtoa '{}' ei voitu arvioida tässä.",
    sv: "Formulärets villkor '{}' kunde inte bedömas här.",
  },
  "The text of '{}' differs from the questionnaire's.": {
    fi: "Kohdan '{}' teksti poikkeaa lomakkeen tekstistä.",
    sv: "Texten till '{}' avviker från formulärets.",
  },
  "The unit of the answer to '{}' is not allowed. Allowed: {}.": {
    fi: "Kohdan '{}' vastauksen yksikkö ei ole sallittu. Sallitut: {}.",
    sv: "Enheten i svaret på '{}' är inte tillåten. Tillåtna: {}.",
  },
  "The unit of the answer to '{}' is not in its value set '{}'.": {
    fi: "Kohdan '{}' vastauksen yksikkö ei kuulu sen arvojoukkoon '{}'.",
    sv: "Enheten i svaret på '{}' ingår inte i dess värdeuppsättning '{}'.",
  },
  "The value set '{}' of '{}' is not known here, so the answer was not checked against it.": {
    fi: "Arvojoukkoa '{}' kohdassa '{}' ei tunneta, joten vastausta ei tarkistettu sillä.",
    sv: "Värdeuppsättningen '{}' för '{}' är inte känd här, så svaret kontrollerades inte mot den.",
  },
  "The value set '{}' of units of '{}' is not known here, so the unit was not checked.": {
    fi: "Yksiköiden arvojoukkoa '{}' kohdassa '{}' ei tunneta, joten yksikköä ei tarkistettu.",
    sv: "Värdeuppsättningen '{}' för enheterna i '{}' är inte känd här, så enheten kontrollerades inte.",
  },
};
