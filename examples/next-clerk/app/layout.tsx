import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { ClerkProvider, Show, SignInButton, SignOutButton } from '@clerk/nextjs';
import './globals.css';

export const metadata: Metadata = { title: 'Acme', icons: 'data:,' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <ClerkProvider>
          <header>
            <strong>Acme</strong>
            <Show when="signed-out"><SignInButton mode="modal" /></Show>
            <Show when="signed-in"><SignOutButton /></Show>
          </header>
          {children}
        </ClerkProvider>
      </body>
    </html>
  );
}
