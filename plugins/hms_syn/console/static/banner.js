/**
 * The red line on Airflow's Home while a vendor is offline, and nothing at all while none is. It runs in Airflow's own
 * page, with Airflow's React; like everything here it renders text only.
 */

const EVERY = 5000;
const SHOWN = 3;
const { React } = globalThis;
const h = React.createElement;

const BOX = {
  display: 'flex',
  flexWrap: 'wrap',
  gap: 8,
  alignItems: 'center',
  padding: '10px 14px',
  borderRadius: 8,
  border: '1px solid var(--chakra-colors-failed-solid)',
  background: 'color-mix(in srgb, var(--chakra-colors-failed-solid) 12%, transparent)',
};
const PILL = {
  background: 'var(--chakra-colors-failed-solid)',
  color: '#fff',
  borderRadius: 999,
  padding: '1px 10px',
  fontWeight: 600,
};
const LINK = { marginLeft: 'auto', textDecoration: 'underline' };

function HmsSynBanner() {
  const [offline, show] = React.useState([]);
  React.useEffect(() => {
    let mounted = true;
    const look = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(new URL('hms-syn/api/v1/vendors', document.baseURI));
        const { vendors } = await answer.json();
        if (mounted) show(vendors.filter((vendor) => vendor.state === 'offline'));
      } catch {
        // what was last known stays; the console itself says when it is not live
      }
    };
    look();
    const timer = setInterval(look, EVERY);
    return () => {
      mounted = false;
      clearInterval(timer);
    };
  }, []);
  if (!offline.length) return null;
  const names = offline
    .slice(0, SHOWN)
    .map((vendor) => vendor.name ?? vendor.endpoint)
    .join(', ');
  const rest = offline.length > SHOWN ? ` and ${offline.length - SHOWN} more` : '';
  return h(
    'div',
    { role: 'status', style: BOX },
    h('span', { style: PILL }, `${offline.length} offline`),
    h('span', null, `${names}${rest}`),
    h('a', { href: new URL('plugin/sync', document.baseURI).href, style: LINK }, 'Open Sync'),
  );
}

globalThis.HmsSynBanner = HmsSynBanner;
