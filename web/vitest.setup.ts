// happy-dom rejects the promise of a cancelled animation where browsers mark it as handled; without Element.animate the
// animations run in script instead.
if (typeof Element !== 'undefined') Reflect.deleteProperty(Element.prototype, 'animate');
// happy-dom would really send it.
if (typeof window !== 'undefined') navigator.sendBeacon = () => true;
