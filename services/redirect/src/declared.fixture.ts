// Holds every answer that a test of this service sees to its declaration; imported for that alone.
import { expectDeclared } from "@qrfactory/api/check-answer";
import { redirectOperations } from "@qrfactory/api/operations/redirect";
import { answerChecks } from "@qrfactory/testing/http-message";

answerChecks.push((seen) => expectDeclared(Object.values(redirectOperations), seen));
