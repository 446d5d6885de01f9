using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>A cluster that serves one model, and the client side of it.</summary>
internal sealed class HunyuanCluster : IAsyncDisposable
{
    public const int KvTokens = 4096;

    /// <summary>With more requests than this, calls take longer than tests of failures allow.</summary>
    private const int PatientQueue = 1000;

    private readonly string _model;

    private HunyuanCluster(string model, TestCluster silos)
    {
        _model = model;
        Silos = silos;
    }

    public TestCluster Silos { get; }

    public string Name => _model;

    /// <summary>Addresses of silos by their number, in the order they came.</summary>
    private List<SiloAddress> Numbered { get; } = [];

    public IModelGrain Model => Silos.Client.GetGrain<IModelGrain>(_model);

    public static async Task<HunyuanCluster> StartAsync(
        string directory, int silos, ComputeMode mode = ComputeMode.F32, Func<int, HunyuanSiloOptions, HunyuanSiloOptions>? change = null, Action<int, ISiloBuilder>? more = null, int queue = 1000, KvFormat? kv = null, QuantFormat? quant = null)
    {
        string name = Path.GetFileName(directory);
        ModelSettings settings = Settings(name, directory, mode, kv, quant) with { Engine = new EngineOptions { Scheduler = new SchedulerOptions { QueueLength = queue } } };
        TestCluster cluster = await TestCluster.StartAsync(silos, new ClusterSetup((number, silo) =>
        {
            HunyuanSiloOptions options = new()
            {
                Models = [settings],
                Capacity = new SiloCapacity { Name = $"silo-{number}", MemoryBytes = 1L << 32, MemoryBandwidth = 50e9 },
                StepProbeInterval = TimeSpan.FromMilliseconds(100),
                PlanDelay = TimeSpan.FromMilliseconds(20),
            };
            if (FileLog.Path is { } path)
            {
                silo.Services.AddSingleton<ILoggerProvider>(new FileLog(path));
            }

            more?.Invoke(number, silo);
            silo.AddHunyuan(change?.Invoke(number, options) ?? options);
        },
        client =>
        {
            if (queue > PatientQueue)
            {
                client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(60));
            }
        }));
        HunyuanCluster hunyuan = new(name, cluster);
        hunyuan.Numbered.AddRange(cluster.Silos);
        return hunyuan;
    }

    public static ModelSettings Settings(string name, string directory, ComputeMode mode, KvFormat? kv = null, QuantFormat? quant = null) => new()
    {
        Name = name,
        Directory = directory,
        Options = new ModelOptions { Mode = mode, Kv = kv, Quant = quant, Threads = 1, PinThreads = false, KvTokens = KvTokens, MaxBatchTokens = 128, MaxLogitRows = 64 },
    };

    /// <summary>Bytes of all weights and K/V of a model in one place.</summary>
    public static long BytesOf(string directory, ComputeMode mode)
    {
        PartitionPlan plan = PartitionPlan.Create(
            ModelConfig.Load(directory),
            [new SiloCapacity { Name = "all", MemoryBytes = 1L << 40, MemoryBandwidth = 1e9 }],
            new PlanOptions { Mode = mode, Kv = mode == ComputeMode.F32 ? KvFormat.F32 : KvFormat.Bf16 });
        return plan.Silos[0].WeightBytes + (plan.KvBytesPerToken * KvTokens);
    }

    public IAsyncEnumerable<TokenBatch> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        new ResumingStream((spec, token) => Silos.Client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), TimeProvider.System)
            .RunAsync(RequestSpec.Of(_model, request, TimeSpan.FromSeconds(60)), cancellationToken);

    /// <summary>The tokens of each answer; fails where one ended with an error.</summary>
    public async Task<int[][]> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        List<int>[] answers = [.. Enumerable.Range(0, request.Choices).Select(_ => new List<int>())];
        await foreach (TokenBatch batch in StreamAsync(request, cancellationToken))
        {
            if (batch.Error is not null)
            {
                throw new InvalidOperationException(batch.Error);
            }

            answers[batch.Choice].AddRange(batch.Ids);
        }

        return [.. answers.Select(a => a.ToArray())];
    }

    public string NameOf(int number) => Silos.NameOf(Numbered[number]);

    /// <summary>Names of the silos that run.</summary>
    public string[] Alive() => [.. Silos.Silos.Select(Silos.NameOf)];

    public Task KillAsync(string name) => Silos.KillSiloAsync(Silos.Silos.First(silo => Silos.NameOf(silo) == name));

    public Task KillAsync(int number) => Silos.KillSiloAsync(Numbered[number]);

    public Task StopAsync(int number) => Silos.StopSiloAsync(Numbered[number]);

    public async Task AddAsync() => Numbered.Add(await Silos.AddSiloAsync());

    /// <summary>Waits until the model's route is as wanted.</summary>
    public async Task<ModelReport> UntilRouteAsync(Func<ModelReport, bool> wanted)
    {
        for (int i = 0; i < 600; i++)
        {
            ModelReport report = await Model.ReportAsync();
            if (wanted(report))
            {
                return report;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException("The route did not become what was waited for.");
    }

    public ValueTask DisposeAsync() => Silos.DisposeAsync();
}
