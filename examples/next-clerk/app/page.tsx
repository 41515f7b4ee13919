import { FloatingCallButton } from "@/components/floating-call-button"

export default function Page() {
  return (
    <div>
      <main>
        <h1>How can we help?</h1>
        <p>Sign in, press the button in the corner, and talk to us.</p>
      </main>
      <FloatingCallButton />
    </div>
  )
}
