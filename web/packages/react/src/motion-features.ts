// motion-features.ts — the part of framer-motion that animates; LazyMotion loads it after the panel is shown.
export { domAnimation as default } from 'framer-motion';
