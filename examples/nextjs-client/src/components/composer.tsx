"use client";

import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import type { Conversation } from "@/lib/use-conversation";
import { SendIcon, StopIcon } from "./icons";

const heightMax = 200; // pixels; a longer message scrolls

export function Composer({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const { isLoading } = conversation;

  useEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, heightMax)}px`;
  }, [text]);
  useEffect(() => {
    // On a phone the keyboard would cover the conversation.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    const message = text.trim();
    if (!message || isLoading) return;
    setText("");
    conversation.send(message);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a word is composed with an input method, Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  const isAsked = conversation.interrupts.length > 0;
  return (
    <form className="composer" onSubmit={send}>
      <div className="composer-box">
        <label className="hidden" htmlFor="composer">
          Message
        </label>
        <textarea
          id="composer"
          ref={field}
          rows={1}
          value={text}
          placeholder={isAsked ? "Or write something else" : "Write a message"}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          data-testid="composer"
        />
        {isLoading ? (
          <button
            type="button"
            className="round-button"
            onClick={conversation.stop}
            aria-label="Stop the answer"
            title="Stop (Esc)"
            data-testid="stop"
          >
            <StopIcon />
          </button>
        ) : (
          <button
            type="submit"
            className="round-button primary"
            disabled={!text.trim()}
            aria-label="Send"
            title="Send (Enter)"
            data-testid="send"
          >
            <SendIcon />
          </button>
        )}
      </div>
      <p className="composer-hint">
        <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> starts a new line, <kbd>Esc</kbd> stops the answer
      </p>
    </form>
  );
}
