"use client";

import { useState, type KeyboardEvent } from "react";
import { QuestionIcon } from "./icons";

interface Props {
  text: string;
  details?: string;
  onAnswer: (text: string) => void;
}

/** A question of the assistant, answered with a text. */
export function QuestionPanel({ text, details, onAnswer }: Props) {
  const [answer, setAnswer] = useState("");
  const send = () => {
    if (answer.trim()) onAnswer(answer.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className="panel"
      aria-label="The assistant asks"
      data-testid="question-panel"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="panel-head">
        <QuestionIcon />
        <div>
          <p className="panel-kind">The assistant asks</p>
          <p className="panel-title" data-testid="question-text">{text}</p>
        </div>
      </div>
      {details && <pre className="panel-details" tabIndex={0}>{details}</pre>}
      <div className="row">
        <textarea
          rows={1}
          aria-label="Your answer"
          placeholder="Your answer"
          value={answer}
          onChange={(event) => setAnswer(event.target.value)}
          onKeyDown={onKeyDown}
          autoFocus
          data-testid="question-answer"
        />
        <button type="submit" className="button primary" disabled={!answer.trim()} data-testid="question-send">
          Answer
        </button>
      </div>
    </form>
  );
}
