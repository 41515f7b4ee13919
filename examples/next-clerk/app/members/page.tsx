"use client"
import { Show, useAuth } from "@clerk/nextjs"
import { FloatingCallButton } from "@/components/floating-call-button"

export default function Members() {
  const { getToken } = useAuth()
  return (
    <Show when="signed-in">
      <FloatingCallButton getAuthToken={() => getToken()} />
    </Show>
  )
}
