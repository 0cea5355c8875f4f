// Sentences for people with a phone, in thirteen languages; nine of them stand in wordings-more.ts.
import type { Wording } from "./wording.js";
import { moreWordings } from "./wordings-more.js";

/** Language → wording; the first is for everybody else. */
export const wordings: Record<string, Wording> = {
  en: {
    unknown: ["This code leads nowhere", "Check the address, or scan the code once more."],
    paused: ["This code is paused", "Its owner has switched it off for now."],
    expired: ["This code has expired", "Its time is over. Ask whoever gave it to you for a new one."],
    used: ["This code is used up", "It has been scanned as often as it may be."],
    unavailable: ["One moment, please", "We could not look this code up just now. Try again in a few seconds."],
    password: {
      title: "This code asks for a password",
      text: "Whoever gave you the code can tell you.",
      label: "Password",
      button: "Continue",
      wrong: "This is not the password.",
      limited: "Too many wrong passwords. Try again in a minute.",
      busy: "Too many are asking right now. Try again in a moment.",
    },
    preview: {
      title: "This code leads to",
      varies: "It may lead others elsewhere.",
      protected: "It is shown to those who know the password.",
      button: "Go there",
    },
    whose: { code: "Owner of this code:", service: "This service is run by:" },
    app: { title: "Opening the app", open: "Open the app", web: "Go to the website" },
  },
  fr: {
    unknown: ["Ce code ne mène nulle part", "Vérifiez l’adresse ou scannez le code encore une fois."],
    paused: ["Ce code est en pause", "Son propriétaire l’a désactivé pour le moment."],
    expired: ["Ce code a expiré", "Il n’est plus valable. Demandez-en un nouveau à la personne qui vous l’a donné."],
    used: ["Ce code est épuisé", "Il a été scanné autant de fois que prévu."],
    unavailable: [
      "Un instant, s’il vous plaît",
      "Nous n’avons pas pu consulter ce code à l’instant. Réessayez dans quelques secondes.",
    ],
    password: {
      title: "Ce code demande un mot de passe",
      text: "La personne qui vous a donné le code peut vous le dire.",
      label: "Mot de passe",
      button: "Continuer",
      wrong: "Ce n’est pas le bon mot de passe.",
      limited: "Trop de mots de passe erronés. Réessayez dans une minute.",
      busy: "Trop de demandes en ce moment. Réessayez dans un instant.",
    },
    preview: {
      title: "Ce code mène à",
      varies: "Il peut mener d’autres personnes ailleurs.",
      protected: "L’adresse est montrée à qui connaît le mot de passe.",
      button: "Y aller",
    },
    whose: { code: "Propriétaire de ce code :", service: "Ce service est géré par :" },
    app: { title: "Ouverture de l’application", open: "Ouvrir l’application", web: "Aller au site web" },
  },
  de: {
    unknown: ["Dieser Code führt nirgendwohin", "Prüfen Sie die Adresse oder scannen Sie den Code noch einmal."],
    paused: ["Dieser Code ist pausiert", "Sein Besitzer hat ihn vorübergehend abgeschaltet."],
    expired: [
      "Dieser Code ist abgelaufen",
      "Seine Zeit ist vorbei. Bitten Sie um einen neuen, wo Sie diesen bekommen haben.",
    ],
    used: ["Dieser Code ist aufgebraucht", "Er wurde so oft gescannt, wie vorgesehen war."],
    unavailable: [
      "Einen Moment, bitte",
      "Dieser Code ließ sich gerade nicht nachschlagen. Versuchen Sie es in ein paar Sekunden noch einmal.",
    ],
    password: {
      title: "Dieser Code verlangt ein Passwort",
      text: "Sie erfahren es dort, wo Sie den Code bekommen haben.",
      label: "Passwort",
      button: "Weiter",
      wrong: "Das ist nicht das richtige Passwort.",
      limited: "Zu viele falsche Passwörter. Versuchen Sie es in einer Minute noch einmal.",
      busy: "Gerade sind es zu viele auf einmal. Versuchen Sie es gleich noch einmal.",
    },
    preview: {
      title: "Dieser Code führt zu",
      varies: "Andere führt er vielleicht woandershin.",
      protected: "Die Adresse sieht, wer das Passwort kennt.",
      button: "Dorthin gehen",
    },
    whose: { code: "Besitzer dieses Codes:", service: "Dieser Dienst wird betrieben von:" },
    app: { title: "Die App wird geöffnet", open: "App öffnen", web: "Zur Website" },
  },
  es: {
    unknown: ["Este código no lleva a ninguna parte", "Revise la dirección o escanee el código otra vez."],
    paused: ["Este código está en pausa", "Su propietario lo ha desactivado por el momento."],
    expired: ["Este código ha caducado", "Ya no es válido. Pida uno nuevo a quien se lo dio."],
    used: ["Este código está agotado", "Ya se ha escaneado tantas veces como estaba previsto."],
    unavailable: [
      "Un momento, por favor",
      "No hemos podido consultar este código ahora mismo. Inténtelo de nuevo en unos segundos.",
    ],
    password: {
      title: "Este código pide una contraseña",
      text: "Se la puede decir quien le dio el código.",
      label: "Contraseña",
      button: "Continuar",
      wrong: "Esta no es la contraseña.",
      limited: "Demasiadas contraseñas erróneas. Inténtelo de nuevo en un minuto.",
      busy: "Hay demasiadas solicitudes en este momento. Inténtelo de nuevo enseguida.",
    },
    preview: {
      title: "Este código lleva a",
      varies: "A otras personas puede llevarlas a otro sitio.",
      protected: "La dirección se muestra a quien conoce la contraseña.",
      button: "Ir allí",
    },
    whose: { code: "Propietario de este código:", service: "Este servicio lo gestiona:" },
    app: { title: "Abriendo la aplicación", open: "Abrir la aplicación", web: "Ir al sitio web" },
  },
  ...moreWordings,
};
