"use client";

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { turnsOf } from "@/lib/conversation";
import type { Conversation } from "@/lib/use-conversation";
import { AnswerView } from "./answer-view";
import { EmptyState } from "./empty-state";
import { ErrorNotice } from "./error-notice";
import { HumanMessage } from "./human-message";
import { DownIcon, PauseIcon } from "./icons";
import { InterruptPanels } from "./interrupt-panels";

const nearEnd = 80; // pixels from the end that still count as the end

interface Props {
  conversation: Conversation;
  threadId: string | null;
}

export function ConversationView({ conversation, threadId }: Props) {
  const { messages, isLoading, isThreadLoading, error, interrupts, isPaused } = conversation;
  const unfinished = isLoading ? "running" : interrupts.length > 0 ? "waiting" : "open";
  const turns = turnsOf(messages, unfinished);
  const { scroller, isAtEnd, goToEnd, onScroll } = useStickToEnd(threadId, messages, interrupts.length);

  if (isThreadLoading) return <LoadingTurns />;
  const isEmpty = turns.length === 0 && !isLoading && !error && interrupts.length === 0 && !isPaused;
  if (isEmpty) return <EmptyState onPick={conversation.send} />;

  const lastTurn = turns.at(-1);
  const waitsForWords = isLoading && (lastTurn?.kind !== "answer" || lastTurn.parts.length === 0);
  return (
    <div className="scroller" ref={scroller} onScroll={onScroll}>
      <div className="turns" role="log" aria-live="off" aria-label="Conversation" data-testid="messages">
        {turns.map((turn) =>
          turn.kind === "human" ? (
            <HumanMessage key={turn.key} turn={turn} conversation={conversation} />
          ) : (
            <AnswerView key={turn.key} turn={turn} isGrowing={isLoading && turn === lastTurn} conversation={conversation} />
          ),
        )}
        {waitsForWords && (
          <div className="thinking" data-testid="thinking" aria-hidden="true">
            <span />
            <span />
            <span />
          </div>
        )}
        {interrupts.length > 0 && <InterruptPanels key={interrupts[0]?.id} conversation={conversation} />}
        {isPaused && (
          <div className="notice" data-testid="paused">
            <PauseIcon />
            <p>This answer was stopped before its end.</p>
            <button type="button" className="button small" onClick={conversation.resume} data-testid="continue-run">
              Continue
            </button>
          </div>
        )}
        {error !== undefined && <ErrorNotice error={error} onRetry={conversation.retry} />}
      </div>
      {!isAtEnd && (
        <button type="button" className="round-button to-end" onClick={goToEnd} aria-label="Go to the newest message">
          <DownIcon />
        </button>
      )}
      <Announcer isLoading={isLoading} isAsking={interrupts.length > 0} />
    </div>
  );
}

// Follows a growing answer, unless the reader has scrolled up.
function useStickToEnd(threadId: string | null, ...grows: unknown[]) {
  const scroller = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
    setAtEnd(sticks.current);
  };
  const goToEnd = () => {
    sticks.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: "smooth" });
  };
  useLayoutEffect(() => {
    sticks.current = true;
  }, [threadId]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && sticks.current) element.scrollTop = element.scrollHeight;
  }, [threadId, ...grows]);
  return { scroller, isAtEnd, goToEnd, onScroll };
}

// What a screen reader hears: that something happens, not every word of it.
function Announcer({ isLoading, isAsking }: { isLoading: boolean; isAsking: boolean }) {
  const [text, setText] = useState("");
  const wasLoading = useRef(false);
  useEffect(() => {
    if (isLoading) setText("The assistant is answering.");
    else if (wasLoading.current) setText(isAsking ? "The assistant needs something from you." : "The answer has ended.");
    wasLoading.current = isLoading;
  }, [isLoading, isAsking]);
  return (
    <p className="hidden" role="status" data-testid="status">
      {text}
    </p>
  );
}

function LoadingTurns() {
  return (
    <div className="scroller" aria-busy="true" data-testid="thread-loading">
      <div className="turns">
        <div className="ghost short" />
        <div className="ghost" />
        <div className="ghost" />
      </div>
    </div>
  );
}
