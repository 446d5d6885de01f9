using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train;

/// <summary>The settings of a training run.</summary>
public sealed record TrainOptions
{
    /// <summary>The folder of the base model.</summary>
    public required string Model { get; init; }

    /// <summary>The folder with tokenizer and chat template, default the model's.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The data file.</summary>
    public required string DataFile { get; init; }

    /// <summary>The folder that receives checkpoints, logs and the result.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The system message of chats that begin without one, default none.</summary>
    public string System { get; init; } = "";

    /// <summary>Tokens after which an example is cut, default 4096.</summary>
    public int MaxLength { get; init; } = 4096;

    /// <summary>Examples in a micro-batch, default 1.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Micro-batches of a step, default 1. More cost time and no memory.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Whether each pass over the data has an order of its own, default false: the order of the file.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Steps of the run; 0 (default) derives them from <see cref="Epochs"/>.</summary>
    public int MaxSteps { get; init; }

    /// <summary>Passes over the data, default 3.</summary>
    public double Epochs { get; init; } = 3;

    /// <summary>The form of the learning rate, default a cosine to <see cref="MinLearningRate"/>.</summary>
    public ScheduleKind Schedule { get; init; }

    /// <summary>The largest learning rate, default 5e-5.</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>The last learning rate, default 0.</summary>
    public double MinLearningRate { get; init; }

    /// <summary>Warm-up as a part of all steps, rounded up, default 0.</summary>
    public double WarmupRatio { get; init; }

    /// <summary>Steps of the warm-up; 0 (default) derives them from <see cref="WarmupRatio"/>.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>The settings of AdamW.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>The settings of adapters; null (default) to train the weights.</summary>
    public LoraSettings? Lora { get; init; }

    /// <summary>
    /// A PEFT folder whose A and B are the first values of the adapters; null (default) for random ones. A run that continues has those of its checkpoint, but
    /// must name the same adapter.
    /// </summary>
    public string? InitAdapter { get; init; }

    /// <summary>Whether only tensors of attention are trained, default false.</summary>
    public bool AttentionOnly { get; init; }

    /// <summary>Precision of the products with weights, default float32.</summary>
    public ComputeMode Mode { get; init; } = ComputeMode.F32;

    /// <summary>
    /// Format of the frozen weights under adapters; null (default) as the checkpoint stores them. Weights are quantised as the engine quantises them at load.
    /// </summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>Whether activations are computed again in the backward pass, default false. It takes a third more time and far less memory.</summary>
    public bool Recompute { get; init; }

    /// <summary>Seed of the adapters' first values, of dropout and of the order, default 42.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads that compute; 0 (default) for all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Steps between reports, default 1.</summary>
    public int LoggingSteps { get; init; } = 1;

    /// <summary>Steps between checkpoints; 0 (default) writes none.</summary>
    public int SaveSteps { get; init; }

    /// <summary>Checkpoints that are kept, the newest; 0 (default) keeps all.</summary>
    public int SaveTotalLimit { get; init; }

    /// <summary>A file that gets a JSON object for each step; null (default) for none.</summary>
    public string? JsonLog { get; init; }

    /// <summary>Whether TensorBoard files are written, default true.</summary>
    public bool TensorBoard { get; init; } = true;

    /// <summary>A checkpoint to continue from; null (default) to begin. An empty text means the newest of the output folder.</summary>
    public string? ResumeFrom { get; init; }

    /// <summary>Whether results and checkpoints of an earlier run in the output folder are replaced, default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>A data file for evaluation; null (default) for none.</summary>
    public string? EvalFile { get; init; }

    /// <summary>The part of the data that is kept for evaluation; 0 (default) for none.</summary>
    public double EvalSplit { get; init; }

    /// <summary>Steps between evaluations; 0 (default) evaluates at the end of each pass over the data.</summary>
    public int EvalSteps { get; init; }
}
