// main.tsx — a page with a call button in its corner.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { FloatingCallButton } from '@offhook/react';
import '@offhook/react/styles.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <main>
      <h1>How can we help?</h1>
      <p>Press the button in the corner and talk to us.</p>
    </main>
    <FloatingCallButton />
  </StrictMode>,
);
