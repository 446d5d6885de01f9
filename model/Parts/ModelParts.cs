using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The parts of a model on one device and the scratch memory they share, at first without weights. The state of a step is kept in its
/// <see cref="StageRunner"/>. It does not know where weights come from. It is not thread-safe.
/// </summary>
internal sealed class ModelParts
{
    private const int MaxDefaultKvTokens = 65536;

    /// <summary>Starts the workers and reserves scratch memory.</summary>
    /// <param name="config">The model.</param>
    /// <param name="options">Validated options.</param>
    /// <param name="reserveKv">Whether to reserve the memory of the whole KV pool now, and not group by group.</param>
    /// <param name="owned">Receives every object that must be disposed.</param>
    /// <exception cref="ModelException">
    /// The checkpoint is quantised in another format than the options request, or the device cannot compute models of this type.
    /// </exception>
    public ModelParts(ModelConfig config, ModelOptions options, bool reserveKv, DisposableStack owned)
    {
        if (options.Device is { } device && (config.NormsBeforeRotary || config.SigmoidRouter is not null))
        {
            throw new ModelException(
                $"{config.Source}: models of type {config.ModelType} are computed on CPUs only, and the device is {device.Name}; allowed: a silo or command without a GPU.");
        }

        Config = config;
        Options = options;
        Types = WeightTypes.Of(config.WithoutMtp(), options.Mode, options.Quant);
        TopK = Math.Max(1, Enumerable.Range(0, config.Layers).Max(config.TopK));
        Pool = owned.Add(new WorkerPool(options.Threads, options.PinThreads));
        Kernels = PanelKernels.For(options.Isa);
        Device = owned.Add(options.Device?.Open() ?? new CpuDevice(Pool, Kernels));
        ComputeContext context = new(Device, options.Mode, options.MaxBatchTokens);
        int kvTokens = options.KvTokens > 0 ? options.KvTokens : (int)Math.Min(MaxDefaultKvTokens, 2L * config.MaxPositions);
        int blocks = (kvTokens + KvBlocks.Positions - 1) / KvBlocks.Positions;
        KvShape shape = new(config.KvGroups, blocks, config.KvHeads, config.HeadDim, options.CacheFormat.Element(), options.Mode.Element());
        Cache = owned.Add(Device.CreateKvPool(shape, reserveKv));
        Rotary = RotaryEmbedding.Of(config);
        Embedding = new TokenEmbedding(config);
        Adapters = Device.UsesHostMemory
            ? owned.Add(new AdapterProducts(config.WithoutMtp(), Pool, options.Mode.Element(), options.MaxBatchTokens, options.MaxBatchTokens * TopK))
            : null;
        Attention = owned.Add(new AttentionShard(config, Cache, context, Adapters));
        Router = owned.Add(new Router(config, context));
        Experts = config.HasExperts ? owned.Add(new ExpertGroup(config, options.MaxBatchTokens * TopK, context)) : null;
        Head = owned.Add(new OutputHead(config, options.MaxLogitRows, context));
        Products = owned.Add(Device.CreateProducts(config.Experts + 1));
    }

    public ModelConfig Config { get; }

    public ModelOptions Options { get; }

    /// <summary>Number of changes of the installed pieces: what a device recorded before the last one may use memory that is free now.</summary>
    public int Version { get; private set; }

    public WeightTypes Types { get; }

    /// <summary>Worker threads of the host. They compute if the device is the CPU.</summary>
    public WorkerPool Pool { get; }

    /// <summary>The CPU's kernels.</summary>
    public PanelKernels Kernels { get; }

    /// <summary>The device that computes.</summary>
    public IComputeDevice Device { get; }

    public IKvPool Cache { get; }

    public RotaryEmbedding Rotary { get; }

    public TokenEmbedding Embedding { get; }

    /// <summary>Adds adapters to products; null if the device does not use the memory of this process.</summary>
    public AdapterProducts? Adapters { get; }

    /// <summary>Returns <see cref="Adapters"/>.</summary>
    /// <param name="directory">The adapter's folder, for the message.</param>
    /// <exception cref="ModelException">The device does not use the memory of this process.</exception>
    public AdapterProducts RequireAdapters(string directory) => Adapters
        ?? throw new ModelException($"{directory}: adapters are computed on the CPU only, and this model is on another device; allowed: a model on the CPU.");

    /// <summary>Loads an adapter and reserves the scratch memory that it needs. Any thread may call it.</summary>
    /// <param name="directory">The adapter's folder.</param>
    /// <param name="scope">The pieces that it is loaded for; null: all.</param>
    /// <param name="cancellationToken">Stops loading; nothing stays allocated.</param>
    /// <exception cref="ModelException">The adapter is damaged, does not fit the model, or is not supported here; nothing stays allocated.</exception>
    public LoraAdapter LoadAdapter(string directory, AdapterScope? scope, CancellationToken cancellationToken)
    {
        AdapterProducts products = RequireAdapters(directory);
        ModelConfig adapted = Config.WithoutMtp();
        using LoraFolder folder = LoraFolder.Open(directory, adapted);
        LoraAdapter adapter = LoraAdapter.Load(folder, adapted, scope, cancellationToken);
        try
        {
            products.Reserve(adapter);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    public AttentionShard Attention { get; }

    public Router Router { get; }

    public ExpertGroup? Experts { get; }

    public OutputHead Head { get; }

    /// <summary>The queue for products that run together. It has room for all experts of a layer and the shared expert.</summary>
    public IMatrixProducts Products { get; }

    /// <summary>The largest number of experts per token in any layer, at least 1.</summary>
    public int TopK { get; }

    /// <summary>Counts a change of the installed pieces.</summary>
    public void CountChange() => Version++;

    /// <summary>Opens a model folder and checks its config and the names, shapes and types of its tensors.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="options">Says how long the context is.</param>
    /// <param name="owned">Receives the checkpoint.</param>
    /// <exception cref="ModelException">Config or files are invalid.</exception>
    public static Weights Open(string directory, ModelOptions options, DisposableStack owned)
    {
        ModelConfig config = ModelConfig.Load(directory).WithContext(options.MaxModelLength);
        if (config.MlpBias)
        {
            throw new ModelException($"{config.Source}: mlp_bias is true; allowed: false or absent.");
        }

        if (options.Mtp)
        {
            config = config.WithMtp();
            QuantizationRules.Check(config);
        }

        Weights weights = new(config, owned.Add(Checkpoint.Open(directory)));
        weights.Validate();
        return weights;
    }
}
