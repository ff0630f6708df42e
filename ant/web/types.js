/**
 * The shapes of the API that the page reads, for the type checker. See docs/api.md.
 * The module has no code.
 *
 * @typedef {"view" | "type" | "answer" | "post" | "admin"} Scope
 *
 * @typedef {object} Caller
 * @property {"operator" | "token" | "device"} kind
 * @property {string | null} label
 * @property {Scope[]} scopes
 * @property {string | null} session_id
 * @property {string | null} expires_at
 *
 * @typedef {object} TerminalInfo
 * @property {string} host
 * @property {string[] | null} command
 * @property {number} cols
 * @property {number} rows
 * @property {number | null} pid
 * @property {number | null} exit_code
 * @property {number | null} exit_signal
 * @property {string | null} status_reason
 * @property {string | null} started_at
 * @property {string | null} exited_at
 * @property {number} oldest
 * @property {number} end
 *
 * @typedef {object} Session
 * @property {string} id
 * @property {string} name
 * @property {"terminal" | "chat" | "agent"} type
 * @property {string | null} workspace_id
 * @property {string | null} root_dir
 * @property {"none" | "starting" | "running" | "exited" | "lost"} status
 * @property {boolean} archived
 * @property {string} ttl
 * @property {string | null} deleted_at
 * @property {string | null} last_activity
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string | null} handle
 * @property {string | null} display_name
 * @property {string | null} cli_flag
 * @property {string | null} linked_chat_id
 * @property {Record<string, any>} meta
 * @property {TerminalInfo | null} terminal
 *
 * @typedef {object} Option
 * @property {string} label
 * @property {boolean} selected
 * @property {boolean | null} checked
 * @property {string} keys
 * @property {boolean} [lasting] Whether the agent's hook says that it allows more than this once.
 *
 * @typedef {object} PromptDetails
 * @property {string} agent
 * @property {string} tool
 * @property {Record<string, unknown>} input
 * @property {boolean} complete
 * @property {string | null} folder
 * @property {string | null} mode
 *
 * @typedef {object} Decision
 * @property {string} type
 * @property {string} chosen
 * @property {string | null} text
 * @property {boolean} resolved
 * @property {string | null} by
 *
 * @typedef {"menu" | "boxes" | "buttons" | "words" | "keys" | "line" | "secret" | "view"} Form
 *
 * @typedef {object} Prompt
 * @property {string} id
 * @property {string} session_id
 * @property {"pending" | "answered" | "resolved" | "discarded"} status
 * @property {string | null} reason
 * @property {string} kind
 * @property {string} class
 * @property {Form} form
 * @property {string} question
 * @property {string} summary
 * @property {Option[]} options
 * @property {string} raw_text
 * @property {string} rule
 * @property {number} start
 * @property {number} end
 * @property {number} ts
 * @property {string} detected_at
 * @property {string | null} closed_at
 * @property {Decision | null} answer
 * @property {PromptDetails | null} [details] What it is about, if the agent's hook reported it.
 *
 * @typedef {object} AgentStatus
 * @property {"ready" | "busy" | "waiting" | "error" | "unknown"} state
 * @property {number} detectedAt
 * @property {string | null} kind
 * @property {string | null} rule
 * @property {string | null} promptId
 * @property {string | null} waitingFor
 * @property {string | null} activity
 * @property {"hook" | "keys" | null} [via] Where an answer to the prompt goes.
 * @property {number} [queued] Further requests of the agent's hook behind the prompt.
 *
 * @typedef {object} TerminalStatus
 * @property {{id: string}} session
 * @property {Prompt | null} prompt
 * @property {AgentStatus | null} agent_status
 * @property {string | null} [folder]
 * @property {{id: string, name: string}[]} [rooms]
 * @property {string[] | null} [screen] The last ten rows, while it waits.
 *
 * @typedef {object} Span
 * @property {string} text
 * @property {string} [fg]
 * @property {string} [bg]
 * @property {boolean} [bold]
 * @property {boolean} [dim]
 * @property {boolean} [inverse]
 * @property {boolean} [italic]
 * @property {boolean} [underline]
 * @property {boolean} [strike]
 * @property {boolean} [hidden]
 *
 * @typedef {object} ScreenRows
 * @property {string} sessionId
 * @property {number} offset
 * @property {number} cols
 * @property {number} rows
 * @property {boolean} full
 * @property {boolean} complete
 * @property {{row: number, spans: Span[]}[]} changed
 * @property {{row: number, col: number, visible: boolean}} cursor
 * @property {string} title
 *
 * @typedef {{type: string, sessionId?: string, seq?: number, ref?: string} & Record<string, any>} Frame
 */
export {};
