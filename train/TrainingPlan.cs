using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train;

/// <summary>What a run will do, known before weights are loaded: its data, its steps and its learning rates.</summary>
public sealed class TrainingPlan
{
    private TrainingPlan(TrainOptions options, ModelConfig config, WeightTypes types, TrainingData data, TrainingData? evaluation)
    {
        (Options, Config, Types, Data, Evaluation) = (options, config, types, data, evaluation);
        Batches = new BatchSequence(data.Examples, options.BatchSize, options.Shuffle ? options.Seed : null);
        StepsPerPass = Math.Max(1, (int)Math.Ceiling((double)Batches.PerPass / options.Accumulation));
        double steps = options.MaxSteps > 0 ? options.MaxSteps : Math.Ceiling(options.Epochs * Batches.PerPass / options.Accumulation);
        Steps = (int)Math.Clamp(steps, 1, int.MaxValue);
        WarmupSteps = options.WarmupSteps > 0 ? options.WarmupSteps : (int)Math.Ceiling(Steps * options.WarmupRatio);
        Schedule = new LearningRateSchedule(options.Schedule, options.LearningRate, options.MinLearningRate, WarmupSteps, Steps);
    }

    /// <summary>The settings.</summary>
    public TrainOptions Options { get; }

    /// <summary>The base model.</summary>
    public ModelConfig Config { get; }

    /// <summary>The types of the model's matrices in memory.</summary>
    public WeightTypes Types { get; }

    /// <summary>The examples.</summary>
    public TrainingData Data { get; }

    /// <summary>The examples for evaluation; null for none.</summary>
    public TrainingData? Evaluation { get; }

    /// <summary>The micro-batches.</summary>
    public BatchSequence Batches { get; }

    /// <summary>Steps of one pass over the data.</summary>
    public int StepsPerPass { get; }

    /// <summary>Steps of the run.</summary>
    public int Steps { get; }

    /// <summary>Steps of the warm-up.</summary>
    public int WarmupSteps { get; }

    /// <summary>The learning rates.</summary>
    public LearningRateSchedule Schedule { get; }

    /// <summary>What is trained.</summary>
    public TrainingSelection Selection => new(Options.Lora, Options.AttentionOnly, Options.Seed);

    /// <summary>Most tokens of a micro-batch, of training or evaluation.</summary>
    public int MaxTokens => Math.Max(Batches.MaxTokens, Evaluation?.Examples.Max(static example => example.Ids.Length) ?? 0);

    /// <summary>Steps between evaluations.</summary>
    public int EvalSteps => Options.EvalSteps > 0 ? Options.EvalSteps : StepsPerPass;

    /// <summary>Reads the model's shapes and all data, and checks the settings against them.</summary>
    /// <exception cref="ModelException">A setting, the model or the data cannot be used.</exception>
    public static TrainingPlan Create(TrainOptions options)
    {
        Validate(options);
        ModelConfig config = ModelConfig.Load(options.Model);
        if (options.MaxLength > config.MaxPositions)
        {
            throw new ModelException($"The maximum length is {options.MaxLength} tokens; allowed for this model: up to {config.MaxPositions}.");
        }

        WeightTypes types = WeightTypes.Of(config, options.Mode, options.Quant);
        RequireTrainable(options, config, types);
        ExampleReader reader = new(options.Tokenizer ?? options.Model, config.VocabSize) { System = options.System };
        TrainingData data = reader.Read(options.DataFile, options.MaxLength);
        TrainingData? evaluation = options.EvalFile is { } file ? reader.Read(file, options.MaxLength) : null;
        if (options.EvalSplit > 0)
        {
            if (data.Examples.Count < 2)
            {
                throw new ModelException($"{options.DataFile} has one example, so none can be kept for evaluation.");
            }

            (data, evaluation) = data.Split(options.EvalSplit);
        }

        return new TrainingPlan(options, config, types, data, evaluation);
    }

    private static void RequireTrainable(TrainOptions options, ModelConfig config, WeightTypes types)
    {
        if (options.Lora is null && types.Format != QuantFormat.None)
        {
            string what = config.Quantization is { } stored
                ? $"{config.Source}: the checkpoint is quantised ({stored.Method})"
                : $"The weights are to be quantised as {types.Format!.Value.Name()}";
            throw new ModelException(
                $"{what}, and quantised weights cannot be trained; allowed: adapters over them (--use_lora), or weights in bf16, f16 or f32.");
        }
    }

    private static void Validate(TrainOptions options)
    {
        if (options.MinLearningRate > options.LearningRate)
        {
            throw new ModelException(
                $"The smallest learning rate {options.MinLearningRate} is above the learning rate {options.LearningRate}; it is a rate, not a factor.");
        }

        if (options.Lora is { } lora && options.AttentionOnly && lora.Targets.Except(LoraSettings.DefaultTargets).FirstOrDefault() is { } target)
        {
            throw new ModelException(
                $"Only attention is to be trained, so {target} cannot get an adapter; allowed: {string.Join(", ", LoraSettings.DefaultTargets)}.");
        }

        if (options.InitAdapter is not null && options.Lora is null)
        {
            throw new ModelException("First values of adapters are given, but the run trains no adapters.");
        }

        if (options.Lora is null && !File.Exists(Path.Combine(options.Model, "config.json")))
        {
            throw new ModelException(
                $"{options.Model} has no config.json; allowed for training weights: a model folder in the published layout. "
                + "Adapters are trained over GGUF files too.");
        }

        // An earlier result in the folder is deleted before the first step.
        string output = FullPath(options.OutputFolder);
        if (File.Exists(output) || output == FullPath(options.Model) || (File.Exists(options.Model) && output == FullPath(Path.GetDirectoryName(FullPath(options.Model))!)))
        {
            throw new ModelException($"{options.OutputFolder}: it is a file or the folder of the base model; allowed: another folder.");
        }

        if (options.InitAdapter is { } first && output == FullPath(first) && !Continues(options))
        {
            throw new ModelException($"{options.OutputFolder}: it is the folder of the first adapter; allowed: another folder.");
        }

        if (!Continues(options) && !options.Overwrite && Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
        {
            throw new ModelException(
                $"{options.OutputFolder}: the output folder is not empty; allowed: an empty or a new folder, unless the run continues or overwrites it.");
        }

        if (options.EvalFile is not null && options.EvalSplit > 0)
        {
            throw new ModelException("Evaluation takes a file or a part of the data, not both.");
        }
    }

    /// <summary>Whether the run continues one of its output folder, whose results it then keeps.</summary>
    internal static bool Continues(TrainOptions options) => options.ResumeFrom is { } checkpoint
        && (checkpoint.Length == 0 || FullPath(options.OutputFolder) == Path.GetDirectoryName(FullPath(checkpoint)));

    private static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
