/** Where the parts of a cluster listen, all of them on 127.0.0.1. */
export interface ClusterPorts {
  etcd: number;
  etcdPeer: number;
  haproxy: number;
  postgres: readonly number[];
  patroni: readonly number[];
}

/** Of the superuser, of replication and of the gateways. */
export interface ClusterPasswords {
  superuser: string;
  replication: string;
  gateway: string;
}

/**
 * Patroni's settings of one node. `synchronous_mode_strict`: nothing is acknowledged that a second node does not hold. A
 * primary that nobody hears of is replaced after `ttl` seconds, here fewer than Patroni's 30.
 */
export function patroniSettings(node: {
  index: number;
  folder: string;
  binaries: string;
  ports: ClusterPorts;
  passwords: ClusterPasswords;
}): string {
  const { index, folder, ports, passwords } = node;
  const settings = {
    scope: 'gatehouse',
    name: `node${index}`,
    restapi: {
      listen: `127.0.0.1:${ports.patroni[index]}`,
      connect_address: `127.0.0.1:${ports.patroni[index]}`,
    },
    etcd3: { host: `127.0.0.1:${ports.etcd}` },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 5,
        retry_timeout: 5,
        maximum_lag_on_failover: 1_048_576,
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          parameters: { max_connections: 150, synchronous_commit: 'on', wal_log_hints: 'on', fsync: 'off', jit: 'off' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }],
    },
    postgresql: {
      listen: `127.0.0.1:${ports.postgres[index]}`,
      connect_address: `127.0.0.1:${ports.postgres[index]}`,
      data_dir: `${folder}/data`,
      bin_dir: node.binaries,
      pgpass: `${folder}/pgpass`,
      authentication: {
        superuser: { username: 'postgres', password: passwords.superuser },
        replication: { username: 'replicator', password: passwords.replication },
      },
      parameters: { unix_socket_directories: folder },
      pg_hba: [
        'local all all scram-sha-256',
        'host replication replicator 127.0.0.1/32 scram-sha-256',
        'host all all 127.0.0.1/32 scram-sha-256',
      ],
    },
  };
  // JSON is YAML.
  return JSON.stringify(settings, null, 2);
}

/** HAProxy's settings: to the node alone that says of itself that it is the primary; the sessions of one that no longer does are cut. */
export function haproxySettings(ports: ClusterPorts): string {
  const servers = ports.postgres.map(
    (port, index) => `  server node${index} 127.0.0.1:${port} maxconn 100 check port ${ports.patroni[index]}`,
  );
  return `global
  maxconn 500
defaults
  mode tcp
  timeout connect 2s
  timeout client 30m
  timeout server 30m
  timeout check 2s
listen primary
  bind 127.0.0.1:${ports.haproxy}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
${servers.join('\n')}
`;
}
