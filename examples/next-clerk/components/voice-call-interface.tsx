"use client"
// voice-call-interface.tsx — one voice call in a LiveKit room, under the path the pages import it from.

import "@offhook/react/styles.css"

export { VoiceCallInterface } from "@offhook/react"
export type { VoiceCallInterfaceProps } from "@offhook/react"
