using HunyuanOrleans.Model.Loading;
using System.Globalization;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// The silo processes of a drill. They find each other in a PostgreSQL server that the drill starts or, without PostgreSQL, by the first silo,
/// which then is never ended. Disposing the cluster ends everything it started.
/// </summary>
internal sealed class DrillCluster : IAsyncDisposable
{
    private readonly DrillPlan _plan;
    private readonly PostgresServer? _server;
    private readonly string _folder = Directory.CreateTempSubdirectory("hunyuan-drill-").FullName;
    private readonly string _logs;
    private readonly string _cluster = $"drill-{System.Environment.ProcessId}";
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (DrillSilo Silo, SiloProcess Process)> _silos = new(StringComparer.Ordinal);
    private readonly List<SiloProcess> _started = [];
    private readonly IReadOnlyList<SiloPlace> _places;
    private readonly Dictionary<string, SiloPlace> _placed = new(StringComparer.Ordinal);
    private SiloProcess? _primary;
    private ClusterConnection? _connection;

    private DrillCluster(DrillPlan plan, IReadOnlyList<SiloPlace> places, PostgresServer? server)
    {
        (_plan, _places, _server) = (plan, places, server);
        _logs = plan.Logs ?? _folder;
    }

    /// <summary>How silos run and find each other, for people.</summary>
    public string Description => _server is null
        ? "silo processes, found by the first of them (no PostgreSQL here), which is not ended"
        : "silo processes, membership in PostgreSQL";

    /// <summary>Database with the membership; null where there is none.</summary>
    public string? ConnectionString => _server?.ConnectionString;

    /// <summary>Name of cluster and service.</summary>
    public string Name => _cluster;

    /// <summary>Calls grains from outside of the silos. The first silo must have been added.</summary>
    public IGrainFactory Grains => _connection?.Client ?? throw new InvalidOperationException("The cluster has no silo yet.");

    /// <summary>The silos that run, in the order of their names.</summary>
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

    /// <summary>How many silos were ever added.</summary>
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

    /// <summary>True where no silo is needed for the others to find each other.</summary>
    public bool SurvivesAny => _server is not null;

    /// <summary>Makes a cluster without silos, for this machine's loopback.</summary>
    /// <exception cref="ModelException">The plan needs PostgreSQL and there is none, or it does not start.</exception>
    public static Task<DrillCluster> CreateAsync(DrillPlan plan, CancellationToken cancellationToken) =>
        CreateAsync(plan, [SiloPlace.Loopback], cancellationToken);

    /// <summary>Makes a cluster without silos.</summary>
    /// <param name="plan">What its silos are given.</param>
    /// <param name="places">Hosts that silos are put on in turn, each name always on the same; the last has the database.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelException">The plan needs PostgreSQL and there is none, or it does not start.</exception>
    public static async Task<DrillCluster> CreateAsync(DrillPlan plan, IReadOnlyList<SiloPlace> places, CancellationToken cancellationToken)
    {
        if (plan.Logs is not null)
        {
            Directory.CreateDirectory(plan.Logs);
        }

        PostgresServer? server = await Task.Run(() => PostgresServer.TryStart(places[^1]), cancellationToken);
        return server is null && plan.Silos == 1 && plan.Action != DrillAction.Join
            ? throw new ModelException("PostgreSQL is not installed, and without it the first silo cannot be ended: use --silos 2 or more, or --action join.")
            : new DrillCluster(plan, places, server);
    }

    /// <summary>True if the cluster goes on without this silo.</summary>
    public bool CanEnd(DrillSilo silo)
    {
        lock (_gate)
        {
            return SurvivesAny || _silos[silo.Name].Process != _primary;
        }
    }

    /// <summary>Adds a silo and waits until it is active. Several may be added at once after the first.</summary>
    public async Task AddAsync(DrillSilo silo, CancellationToken cancellationToken)
    {
        SiloProcess process = Start(silo);
        await process.ReadyAsync(cancellationToken);
        _connection ??= await ClusterConnection.OpenAsync(ConnectionString, process.GatewayPort, _cluster, cancellationToken);
        lock (_gate)
        {
            _silos.Add(silo.Name, (silo, process));
        }
    }

    /// <summary>Ends a silo without a warning.</summary>
    public Task KillAsync(DrillSilo silo) => Take(silo).KillAsync();

    /// <summary>Lets a silo hand over its share and stop, and waits until its process has ended.</summary>
    public Task StopAsync(DrillSilo silo, CancellationToken cancellationToken) => Take(silo).StopAsync(cancellationToken);

    /// <summary>Waits until a silo has ended by itself, as one must that the others took for dead.</summary>
    /// <exception cref="ModelException">It goes on.</exception>
    public Task<int> EndsAsync(DrillSilo silo, CancellationToken cancellationToken) => Take(silo).EndsAsync(cancellationToken);

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

        _server?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private SiloProcess Start(DrillSilo silo)
    {
        lock (_gate)
        {
            SiloProcess process = SiloProcess.Start(
                silo.Name, Flags(silo), Environment(), Path.Combine(_logs, $"{silo.Name}.log"), PlaceOf(silo), TimeProvider.System);
            _started.Add(process);
            _primary ??= process;
            return process;
        }
    }

    private string[] Flags(DrillSilo silo)
    {
        List<string> flags =
        [
            "--role", silo.Role.ToString().ToLowerInvariant(),
            "--model", Path.GetFullPath(_plan.Folder),
            "--model-name", _plan.ModelName,
            "--memory", Text(_plan.MemoryBytes),
            "--threads", Text(_plan.Options.Threads),
            "--pin-threads", _plan.Options.PinThreads ? "true" : "false",
            "--kv-tokens", Text(_plan.Options.KvTokens),
            "--kv", _plan.Options.CacheFormat.Name(),
            "--max-batch-tokens", Text(_plan.Options.MaxBatchTokens),
            "--cluster-id", _cluster,
            "--service-id", _cluster,
            "--clustering", _server is null ? "localhost" : "postgres",
        ];
        if (_plan.Options.Quant is { } quant)
        {
            flags.AddRange(["--quant", quant.Name()]);
        }

        if (_plan.Options.PackedCache is { } packed)
        {
            flags.AddRange(["--packed-cache", packed]);
        }

        if (_server is null && _primary is not null)
        {
            flags.AddRange(["--primary-endpoint", $"127.0.0.1:{_primary.SiloPort}"]);
        }

        return [.. flags];
    }

    private Dictionary<string, string> Environment() =>
        _server is null ? [] : new()
        {
            ["HUNYUAN_CONNECTION_STRING"] = _server.ConnectionString,
            // The hosts of a drill are its own.
            ["HUNYUAN_Server__AllowAnonymous"] = "true",
        };

    private SiloPlace PlaceOf(DrillSilo silo) =>
        _placed.TryGetValue(silo.Name, out SiloPlace? place) ? place : _placed[silo.Name] = _places[_placed.Count % _places.Count];

    private SiloProcess Take(DrillSilo silo)
    {
        lock (_gate)
        {
            SiloProcess process = _silos[silo.Name].Process;
            _silos.Remove(silo.Name);
            return process;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
