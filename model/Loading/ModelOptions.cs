using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Loading;

/// <summary>Options for loading and running a model in this process.</summary>
public sealed record ModelOptions
{
    /// <summary>The usual <see cref="StepsInFlight"/> of a silo.</summary>
    public const int DefaultStepsInFlight = 16;

    /// <summary>The largest <see cref="StepsInFlight"/>.</summary>
    public const int MaxStepsInFlight = 64;

    /// <summary>Precision of matrix products. Default bf16; f32 needs twice the memory and is several times slower.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Bf16;

    /// <summary>
    /// Quantisation of the matrices in memory. Default null: as stored in the checkpoint. For an unquantised checkpoint, any format but
    /// none quantises while loading, which saves memory. A quantised checkpoint can only be loaded in its own format.
    /// </summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>The largest <see cref="MaxModelLength"/>.</summary>
    public const int MostModelLength = 1 << 24;

    /// <summary>
    /// Instruction set of the kernels. Default null: the one named by the environment variable HUNYUAN_ISA, else the best one of this
    /// machine.
    /// </summary>
    public InstructionSet? Isa { get; init; }

    /// <summary>The device that computes. Default null: the CPU. It is opened with the model, and disposed with it.</summary>
    public DeviceChoice? Device { get; init; }

    /// <summary>Number of worker threads, including the calling thread. Default 0: one for each CPU this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Whether each worker is pinned to a CPU. Default true; set to false if several processes share the CPUs.</summary>
    public bool PinThreads { get; init; } = true;

    /// <summary>
    /// Size of the KV pool in positions over all sequences, rounded up to whole blocks of 32. Default 0: twice the model's context, at most
    /// 65,536. A higher value lets more or longer sequences run at once.
    /// </summary>
    public int KvTokens { get; init; }

    /// <summary>
    /// Element type of cached keys and values. Default null: the type of <see cref="Mode"/>, bf16 or f32. int8 and fp8 take about half the
    /// memory of bf16; the precision of products does not change.
    /// </summary>
    public KvFormat? Kv { get; init; }

    /// <summary>Element type of cached keys and values: <see cref="Kv"/>, or its default.</summary>
    public KvFormat CacheFormat => Kv ?? (Mode == ComputeMode.F32 ? KvFormat.F32 : KvFormat.Bf16);

    /// <summary>
    /// Maximum number of tokens in one step. Default 512. A higher value makes prefill slightly faster, but sequences that decode in the
    /// same steps wait longer for each token.
    /// </summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>
    /// Maximum number of rows of logits that one step computes, which also limits the number of sequences in a step. Default 64.
    /// </summary>
    public int MaxLogitRows { get; init; } = 64;

    /// <summary>
    /// Maximum number of steps that are computed at once, each with its own buffers. Default 1. A cluster computes one in each stage of its route.
    /// </summary>
    public int StepsInFlight { get; init; } = 1;

    /// <summary>
    /// Whether to load the model's layer for multi-token prediction (MTP), which guesses the tokens after the next one. Default false: it takes no memory.
    /// </summary>
    public bool Mtp { get; init; }

    /// <summary>
    /// Folder of the packed copy: one file with the weights in the layout of the kernels, which later starts map instead of packing again.
    /// Default null: no copy is read or written. With the model's own folder, the copy is next to the checkpoint. The copy takes as much
    /// disk space as the packed weights, and the first load waits until it is written. A stale or damaged copy is ignored with a warning
    /// and replaced; a folder that cannot be written causes only a warning.
    /// </summary>
    public string? PackedCache { get; init; }

    /// <summary>
    /// Whether to check every byte of a packed copy before it is used. Default false: only its length, its header and 16 samples of 4 MB
    /// are checked. True reads the whole copy, which takes as long as reading the file unless it is in the page cache.
    /// </summary>
    public bool VerifyPackedCache { get; init; }

    /// <summary>
    /// Called with a one-sentence message for each problem that does not stop the load, on the loading thread. Default null: warnings are
    /// dropped.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>
    /// The usual <see cref="MaxLogitRows"/> of a silo: 256, but not more than the tokens of a step.
    /// </summary>
    /// <param name="maxBatchTokens">Maximum number of tokens in one step.</param>
    public static int DefaultSequences(int maxBatchTokens) => Math.Min(256, maxBatchTokens);

    /// <summary>
    /// The longest context in tokens, instead of the config's max_position_embeddings. Default null: that of the config. Beyond the length that the model was
    /// trained for, answers get worse.
    /// </summary>
    public int? MaxModelLength { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">A value is out of range.</exception>
    public void Validate()
    {
        Check(nameof(Threads), Threads, 0, 1024);
        Check(nameof(KvTokens), KvTokens, 0, int.MaxValue - 64);
        Check(nameof(MaxModelLength), MaxModelLength ?? 1, 1, MostModelLength);
        Check(nameof(MaxBatchTokens), MaxBatchTokens, 1, 65536);
        Check(nameof(MaxLogitRows), MaxLogitRows, 1, 65536);
        Check(nameof(StepsInFlight), StepsInFlight, 1, MaxStepsInFlight);
        if (Quant is { } quant && !Enum.IsDefined(quant))
        {
            throw new ModelException($"{nameof(Quant)} is {(int)quant}; allowed: {string.Join(", ", QuantFormats.Names)}.");
        }

        KvFormat unfit = Mode == ComputeMode.F32 ? KvFormat.Bf16 : KvFormat.F32;
        if (Kv is { } kv && (kv == unfit || !Enum.IsDefined(kv)))
        {
            string fit = Mode == ComputeMode.F32 ? KvFormat.F32.Name() : KvFormat.Bf16.Name();
            throw new ModelException(
                $"{nameof(Kv)} is {kv.Name()} and products are computed in {fit}; allowed: {fit}, {KvFormat.Int8.Name()} or {KvFormat.Fp8.Name()}.");
        }

        if (Device is not null && PackedCache is not null)
        {
            throw new ModelException($"{nameof(PackedCache)} is \"{PackedCache}\" and the device is {Device.Name}; allowed: a packed copy for the CPU only.");
        }

        if (Device is not null && Mode == ComputeMode.F32 && CacheFormat != KvFormat.F32)
        {
            throw new ModelException($"{nameof(Kv)} is {CacheFormat.Name()} and {Device.Name} computes in f32; allowed: f32.");
        }

        if (PackedCache is not null && string.IsNullOrWhiteSpace(PackedCache))
        {
            throw new ModelException($"{nameof(PackedCache)} is \"{PackedCache}\"; allowed: null or the path of a folder.");
        }
    }

    private static void Check(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ModelException($"{name} is {value}; allowed: {least} to {most}.");
        }
    }
}
