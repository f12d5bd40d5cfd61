"use client";

// One conversation: useStream, and around it what a chat needs beyond it.
import type { Checkpoint, Message } from "@langchain/langgraph-sdk";
import { useStream } from "@langchain/langgraph-sdk/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { titleFrom } from "./conversation";

interface ChatState extends Record<string, unknown> {
  messages: Message[];
}

export interface OpenInterrupt {
  id?: string;
  value: unknown;
}

export interface Branch {
  shown: string;
  options: string[];
}

interface Submission {
  /** The server has it. If it has not, a retry must send it again, else go on from where the run is. */
  accepted: boolean;
  send: () => void;
}

interface SubmitOptions {
  /** The state to fork from; left out: the head of the version that is shown; null: the thread's head. */
  checkpoint?: Checkpoint | null;
  metadata?: Record<string, unknown>;
  optimisticValues?: Partial<ChatState>;
  command?: { resume: unknown };
}

interface Wiring {
  /** Absolute: "https://app.example/api/chat". */
  apiUrl: string;
  assistantId: string;
  threadId: string | null;
  onThreadId: (id: string) => void;
  /** A run has begun or ended: the list of conversations has changed. */
  onChange: () => void;
}

// States of a thread that are loaded. A turn makes about four; messages from before the oldest one are shown but cannot
// be edited, because the point to fork from is not known.
const historyMax = 200;

// Where useStream keeps the run to rejoin after a reload.
const runKey = (threadId: string) => `lg:stream:${threadId}`;

export function useConversation({ apiUrl, assistantId, threadId, onThreadId, onChange }: Wiring) {
  const last = useRef<Submission | null>(null);
  const [stopped, setStopped] = useState(false);
  const [retrying, setRetrying] = useState(false);

  const stream = useStream<ChatState>({
    apiUrl,
    assistantId,
    threadId,
    onThreadId,
    messagesKey: "messages",
    fetchStateHistory: { limit: historyMax },
    // Runs go on while nobody looks, and a reloaded page joins the one that it was watching.
    reconnectOnMount: true,
    throttle: true,
    callerOptions: { maxRetries: 3 },
    onCreated: () => {
      if (last.current) last.current.accepted = true;
      onChange();
    },
    onStop: ({ mutate }) => {
      setStopped(true);
      // The server keeps no half answers. The page does, until the next message: it is called a second time with what
      // the server has kept.
      let shown: Partial<ChatState> | undefined;
      mutate((before) => (shown ??= { messages: before.messages }));
    },
  });

  // Not in the effect of a thread that this conversation has just made: its run is on the way.
  const streamLoading = useRef(false);
  streamLoading.current = stream.isLoading;
  useEffect(() => {
    if (!streamLoading.current) last.current = null;
    setStopped(false);
  }, [threadId]);
  useEffect(() => {
    if (!stream.isLoading) onChange();
  }, [stream.isLoading, onChange]);

  const messages = stream.messages;

  const submit = (values: Partial<ChatState> | null, options: SubmitOptions) => {
    setStopped(false);
    const { branch } = stream;
    const submission: Submission = {
      accepted: false,
      send: () => {
        // A copy, because the SDK takes the thread's id out of the checkpoint.
        const checkpoint = options.checkpoint && { ...options.checkpoint };
        void stream.submit(values, { ...options, checkpoint: checkpoint as never });
        // What goes on in the version that is shown must not change the version; the SDK would show the newest one.
        if (!options.checkpoint) stream.setBranch(branch);
      },
    };
    last.current = submission;
    submission.send();
  };

  const ask = (text: string, before: Message[], checkpoint?: Checkpoint) => {
    const message: Message = { id: crypto.randomUUID(), type: "human", content: text };
    submit(
      { messages: [message] },
      {
        checkpoint,
        metadata: threadId ? undefined : { title: titleFrom(text) },
        optimisticValues: { messages: [...before, message] },
      },
    );
  };

  // The states around a message's first appearance, if they are among those that were loaded.
  const originOf = (message: Message, index: number) => {
    const state = stream.getMessagesMetadata(message, index)?.firstSeenState;
    const parent = state?.parent_checkpoint;
    const isLoaded = stream.history.some((known) => known.checkpoint?.checkpoint_id === parent?.checkpoint_id);
    return state && parent && isLoaded ? { state, parent } : null;
  };

  const retry = async () => {
    const submission = last.current;
    if (submission && !submission.accepted) return submission.send();
    // The conversation itself could not be loaded.
    if (!submission && messages.length === 0) return window.location.reload();
    setRetrying(true);
    try {
      const runId = threadId ? window.sessionStorage.getItem(runKey(threadId)) : null;
      const run = threadId && runId ? await stream.client.runs.get(threadId, runId).catch(() => null) : null;
      // It was only the connection that broke.
      const goesOn = run && (run.status === "pending" || run.status === "running" || run.status === "success");
      if (run && goesOn) await stream.joinStream(run.run_id);
      // null: from where the failed run is, not from the last state that the page has seen.
      else submit(null, { checkpoint: null });
    } finally {
      setRetrying(false);
    }
  };

  const interrupts = stream.interrupts as { id?: string; value?: unknown }[];
  const open = interrupts.filter((interrupt): interrupt is OpenInterrupt => interrupt.value !== undefined);

  return {
    client: stream.client,
    messages,
    isLoading: stream.isLoading || retrying,
    isThreadLoading: stream.isThreadLoading,
    error: stream.isLoading || retrying ? undefined : stream.error,
    interrupts: stream.isLoading ? [] : open,
    // Nodes are left to run and nobody is asked: the run was stopped, here or elsewhere.
    isPaused: !stream.isLoading && !stream.error && (stopped || interrupts.some(({ value }) => value === undefined)),

    send: (text: string) => ask(text, messages),
    stop: useCallback(() => void stream.stop(), [stream]),
    retry: () => void retry(),
    /** Runs what is left to run, with the credentials of now. */
    resume: () => submit(null, {}),
    /** Answers one interrupt; the others stay open. */
    answer: (interrupt: OpenInterrupt, value: unknown) => {
      const isOneOfMany = open.length > 1 && interrupt.id !== undefined;
      const resume = isOneOfMany ? { [interrupt.id as string]: value } : value;
      submit(null, { command: { resume } });
    },

    canEdit: (message: Message, index: number) => originOf(message, index) !== null,
    /** The message again with another text, beside the old one. */
    edit: (message: Message, index: number, text: string) => {
      const origin = originOf(message, index);
      if (origin) ask(text, messages.slice(0, index), origin.parent as Checkpoint);
    },
    /** Another answer to the message at `index`, beside the old one. */
    regenerate: (index: number) => {
      const message = messages[index];
      const origin = message && originOf(message, index);
      if (!origin) return;
      const optimisticValues = { messages: messages.slice(0, index + 1) };
      submit(null, { checkpoint: origin.state.checkpoint as Checkpoint, optimisticValues });
    },
    branchOf: (message: Message, index: number): Branch | null => {
      const metadata = stream.getMessagesMetadata(message, index);
      if (!metadata?.branch || !metadata.branchOptions || metadata.branchOptions.length < 2) return null;
      return { shown: metadata.branch, options: metadata.branchOptions };
    },
    showBranch: (branch: string) => stream.setBranch(branch),
  };
}

export type Conversation = ReturnType<typeof useConversation>;
