using HunyuanOrleans.Client;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// The silo processes of a drill. Their membership is in a database server that the cluster starts. Without a database they find each other
/// through the first silo, which then can never be removed. Disposing the cluster ends all processes that it started.
/// </summary>
internal sealed class DrillCluster : IAsyncDisposable
{
    private readonly IClusterPlan _plan;
    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-drill-").FullName;
    private readonly string _logs;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (DrillSilo Silo, SiloProcess Process)> _silos = new(StringComparer.Ordinal);
    private readonly List<SiloProcess> _started = [];
    private readonly IReadOnlyList<DrillHost> _hosts;
    private readonly Dictionary<string, DrillHost> _hostOfSilo = new(StringComparer.Ordinal);
    private SiloProcess? _primary;
    private HunyuanClient? _connection;

    private DrillCluster(IClusterPlan plan, IReadOnlyList<DrillHost> hosts, MembershipServer? server)
    {
        (_plan, _hosts, Server) = (plan, hosts, server);
        _logs = plan.Logs ?? _folder;
    }

    /// <summary>Describes how silos run and find each other.</summary>
    public string Description => Server is null
        ? "silo processes that find each other through the first one, which stays (neither PostgreSQL nor Redis is installed)"
        : $"silo processes, membership in {Server.Product}";

    /// <summary>The membership database; null if there is none.</summary>
    public MembershipServer? Server { get; }

    /// <summary>The id of the cluster and of the service.</summary>
    public string Name { get; } = $"drill-{System.Environment.ProcessId}";

    /// <summary>A client of the cluster. Valid after the first silo was added.</summary>
    public HunyuanClient Client => _connection ?? throw new InvalidOperationException("The cluster has no silo yet.");

    /// <summary>Calls grains from outside of the silos. Valid after the first silo was added.</summary>
    public IGrainFactory Grains => Client.Cluster;

    /// <summary>The running silos in the order of their names.</summary>
    public IReadOnlyList<DrillSilo> Silos
    {
        get
        {
            lock (_gate)
            {
                return [.. _silos.Values.Select(static s => s.Silo)];
            }
        }
    }

    /// <summary>The number of silo processes that were ever started.</summary>
    public int Started
    {
        get
        {
            lock (_gate)
            {
                return _started.Count;
            }
        }
    }

    /// <summary>Creates a cluster without silos whose silos will run on this machine.</summary>
    /// <exception cref="ModelException">The plan needs a database that is not installed or does not start.</exception>
    public static Task<DrillCluster> CreateAsync(IClusterPlan plan, CancellationToken cancellationToken) =>
        CreateAsync(plan, [DrillHost.Loopback], cancellationToken);

    /// <summary>Creates a cluster without silos.</summary>
    /// <param name="plan">Model and options of the silos.</param>
    /// <param name="hosts">The hosts that silos are started on in turn. A silo name always stays on its host; the last host runs the database.</param>
    /// <param name="cancellationToken">Cancels starting the database.</param>
    /// <exception cref="ModelException">The plan needs a database that is not installed or does not start.</exception>
    public static async Task<DrillCluster> CreateAsync(IClusterPlan plan, IReadOnlyList<DrillHost> hosts, CancellationToken cancellationToken)
    {
        if (plan.Logs is not null)
        {
            Directory.CreateDirectory(plan.Logs);
        }

        MembershipServer? server = await Task.Run(() => StartServer(plan, hosts[^1]), cancellationToken);
        return server is null && plan.NeedsDatabase
            ? throw new ModelException("Neither PostgreSQL nor Redis is installed, and without them the first silo cannot be removed.")
            : new DrillCluster(plan, hosts, server);
    }

    /// <summary>Whether the cluster continues without this silo.</summary>
    public bool CanRemove(DrillSilo silo)
    {
        lock (_gate)
        {
            return Server is not null || _silos[silo.Name].Process != _primary;
        }
    }

    /// <summary>Starts a silo and waits until it has joined. After the first one, several silos may be added at the same time.</summary>
    public Task AddAsync(DrillSilo silo, CancellationToken cancellationToken) => AddAsync([silo], cancellationToken);

    /// <summary>Starts silos in one process, on the host of the first, and waits until they have joined.</summary>
    public async Task AddAsync(IReadOnlyList<DrillSilo> silos, CancellationToken cancellationToken)
    {
        SiloProcess process = Start(silos);
        await process.WaitUntilJoinedAsync(cancellationToken);
        _connection ??= await ClusterConnection.OpenAsync(Server?.Membership, process.GatewayPort, Name, cancellationToken);
        lock (_gate)
        {
            foreach (DrillSilo silo in silos)
            {
                _silos.Add(silo.Name, (silo, process));
            }
        }
    }

    /// <summary>Kills a silo without warning.</summary>
    public Task KillAsync(DrillSilo silo) => Remove(silo).KillAsync();

    /// <summary>Stops a silo, which hands over its part of the model, and waits until its process has ended.</summary>
    public Task StopAsync(DrillSilo silo, CancellationToken cancellationToken) => Remove(silo).StopAsync(cancellationToken);

    /// <summary>Waits until a silo has ended by itself, which it must do after the others have declared it dead.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="ModelException">The silo does not end.</exception>
    public Task<int> WaitForExitAsync(DrillSilo silo, CancellationToken cancellationToken) => Remove(silo).WaitForExitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess process in _started)
        {
            await process.DisposeAsync();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        Server?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static MembershipServer? StartServer(IClusterPlan plan, DrillHost host)
    {
        MembershipServer? server = MembershipServer.TryCreate(plan.Membership, host);
        try
        {
            server?.Start();
            return server;
        }
        catch
        {
            server?.Dispose();
            throw;
        }
    }

    private SiloProcess Start(IReadOnlyList<DrillSilo> silos)
    {
        lock (_gate)
        {
            SiloProcess process = SiloProcess.Start(
                [.. silos.Select(silo => (silo.Name, Flags(silo)))],
                Environment(),
                Path.Combine(_logs, $"{silos[0].Name}.log"),
                HostOf(silos[0]),
                _plan.StopTimeout,
                TimeProvider.System);
            _started.Add(process);
            _primary ??= process;
            return process;
        }
    }

    private string[] Flags(DrillSilo silo) =>
    [
        "--role", silo.Role.ToString().ToLowerInvariant(),
        .. _plan.Flags(silo),
        "--cluster-id", Name,
        "--service-id", Name,
        "--clustering", Server?.Membership.KindName ?? "localhost",
        .. Server is null && _primary is not null ? (string[])["--primary-endpoint", $"127.0.0.1:{_primary.SiloPort}"] : [],
    ];

    private Dictionary<string, string> Environment()
    {
        Dictionary<string, string> variables = new(_plan.Environment);
        if (Server is not null)
        {
            variables["HUNYUAN_CONNECTION_STRING"] = Server.Membership.ConnectionString;

            // Silos on other hosts listen beyond loopback. Only the drill can reach these hosts, so no API key is needed.
            variables["HUNYUAN_Server__AllowAnonymous"] = "true";
        }

        return variables;
    }

    private DrillHost HostOf(DrillSilo silo) =>
        _hostOfSilo.TryGetValue(silo.Name, out DrillHost? host) ? host : _hostOfSilo[silo.Name] = _hosts[_hostOfSilo.Count % _hosts.Count];

    private SiloProcess Remove(DrillSilo silo)
    {
        lock (_gate)
        {
            SiloProcess process = _silos[silo.Name].Process;
            _silos.Remove(silo.Name);
            return process;
        }
    }
}
