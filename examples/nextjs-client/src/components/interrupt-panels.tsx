"use client";

import { isConsentRequest, readApprovalRequest, readQuestion } from "@/lib/interrupts";
import type { Conversation, OpenInterrupt } from "@/lib/use-conversation";
import { ApprovalPanel } from "./approval-panel";
import { ConsentPanel } from "./consent-panel";
import { QuestionPanel } from "./question-panel";

/** What the run waits for: consent, a decision, or an answer. */
export function InterruptPanels({ conversation }: { conversation: Conversation }) {
  const consents = conversation.interrupts.filter(({ value }) => isConsentRequest(value));
  const others = conversation.interrupts.filter(({ value }) => !isConsentRequest(value));
  // Consent is asked for first, one at a time: it is given elsewhere, and then everything that waits runs again.
  const consent = consents[0]?.value;
  return (
    <div className="panels" data-testid="interrupts">
      {isConsentRequest(consent) && <ConsentPanel request={consent} onResume={conversation.resume} />}
      {others.map((interrupt, place) => (
        <OtherPanel key={interrupt.id ?? place} interrupt={interrupt} conversation={conversation} />
      ))}
    </div>
  );
}

function OtherPanel({ interrupt, conversation }: { interrupt: OpenInterrupt; conversation: Conversation }) {
  const approval = readApprovalRequest(interrupt.value);
  if (approval) {
    return <ApprovalPanel request={approval} onDecide={(decisions) => conversation.answer(interrupt, { decisions })} />;
  }
  const question = readQuestion(interrupt.value);
  return <QuestionPanel {...question} onAnswer={(text) => conversation.answer(interrupt, text)} />;
}
