"use client"
// floating-call-button.tsx — the call button, under the path the pages import it from.

import "@offhook/react/styles.css"

export { FloatingCallButton } from "@offhook/react"
export type { FloatingCallButtonProps } from "@offhook/react"
