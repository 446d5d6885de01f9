using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Loading;

/// <summary>How a model is loaded and run in this process.</summary>
public sealed record ModelOptions
{
    /// <summary>Precision of products. Default bf16; f32 doubles the memory and is several times slower.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Bf16;

    /// <summary>
    /// The form matrices are held in. Default null: as the checkpoint is stored. Another form than none is made while an unquantised
    /// checkpoint is loaded, and takes less memory; a checkpoint that is quantised already can only be loaded as what it is.
    /// </summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>
    /// Instructions the kernels use. Default null: what the environment variable HUNYUAN_ISA names, else the best of this machine.
    /// </summary>
    public InstructionSet? Isa { get; init; }

    /// <summary>Worker threads, the caller included. Default 0: one for each CPU this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Whether workers are bound to CPUs. Default true; turn off where several processes share the CPUs.</summary>
    public bool PinThreads { get; init; } = true;

    /// <summary>
    /// Positions the KV pool holds, over all sequences, rounded up to whole blocks of 32. Default 0: twice the model's context, at most
    /// 65,536. More lets more or longer sequences run at once.
    /// </summary>
    public int KvTokens { get; init; }

    /// <summary>
    /// How keys and values are stored. Default null: as products are computed, bf16 or f32. int8 and fp8 take about half of bf16's memory;
    /// products stay as they are.
    /// </summary>
    public KvFormat? Kv { get; init; }

    /// <summary>How keys and values are stored, the default put in.</summary>
    public KvFormat CacheFormat => Kv ?? (Mode == ComputeMode.F32 ? KvFormat.F32 : KvFormat.Bf16);

    /// <summary>Most tokens one step carries. Default 512. More makes prefill slightly faster and lets decoding wait longer beside it.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Most rows of logits one step gives, so most sequences it carries. Default 64.</summary>
    public int MaxLogitRows { get; init; } = 64;

    /// <summary>
    /// Folder of the packed copy: one file with the weights in the form the kernels read, which later starts map instead of packing again.
    /// Default null: none is read or written. The model's own folder keeps it next to the checkpoint. Takes as much disk as the packed
    /// weights; the first load waits until it is written. A copy that is stale or damaged is ignored with a warning and replaced; a
    /// folder that cannot be written only gives a warning.
    /// </summary>
    public string? PackedCache { get; init; }

    /// <summary>
    /// Whether every byte of a packed copy is checked before it is used. Default false: its length, its header and 16 samples of 4 MB
    /// are. True reads all of it, which for a copy that is not in the page cache takes as long as reading the file.
    /// </summary>
    public bool VerifyPackedCache { get; init; }

    /// <summary>
    /// Told, in one sentence each, what went wrong without stopping the load. Called on the loading thread. Default null: told to nobody.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One of them is out of range.</exception>
    public void Validate()
    {
        Check(nameof(Threads), Threads, 0, 1024);
        Check(nameof(KvTokens), KvTokens, 0, int.MaxValue - 64);
        Check(nameof(MaxBatchTokens), MaxBatchTokens, 1, 65536);
        Check(nameof(MaxLogitRows), MaxLogitRows, 1, 65536);
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
