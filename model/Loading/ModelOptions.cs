using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Model.Loading;

/// <summary>How a model is loaded and run in this process.</summary>
public sealed record ModelOptions
{
    /// <summary>Precision of products. Default bf16; f32 doubles the memory and is several times slower.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.Bf16;

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

    /// <summary>Most tokens one step carries. Default 512. More makes prefill slightly faster and lets decoding wait longer beside it.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Most rows of logits one step gives, so most sequences it carries. Default 64.</summary>
    public int MaxLogitRows { get; init; } = 64;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One of them is out of range.</exception>
    public void Validate()
    {
        Check(nameof(Threads), Threads, 0, 1024);
        Check(nameof(KvTokens), KvTokens, 0, int.MaxValue - 64);
        Check(nameof(MaxBatchTokens), MaxBatchTokens, 1, 65536);
        Check(nameof(MaxLogitRows), MaxLogitRows, 1, 65536);
    }

    private static void Check(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ModelException($"{name} is {value}; allowed: {least} to {most}.");
        }
    }
}
