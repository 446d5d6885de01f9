using System.Globalization;
using System.Security.Cryptography;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Text;
using HunyuanOrleans.Train.Output;

namespace HunyuanOrleans.Train.Checkpoints;

/// <summary>The settings that must not change when a run continues, by their names on the command line.</summary>
public static class RunSettings
{
    private const string AsStored = "as stored", None = "none";

    /// <summary>Lists the settings of a run.</summary>
    public static Dictionary<string, string> Of(TrainingPlan plan)
    {
        TrainOptions options = plan.Options;
        ModelDigest model = ModelDigest.Of(options.Model, weights: true);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["train_data_file"] = Digest(options.DataFile),
            ["model_name_or_path"] = $"{model.Config} {model.Weights}",
            ["tokenizer_name_or_path"] = TextDigest.Of(options.Tokenizer ?? options.Model).ToString(),
            ["max_seq_length"] = Text(options.MaxLength),
            ["eval_data_file"] = options.EvalFile is { } evaluation ? Digest(evaluation) : None,
            ["system"] = options.System,
            ["eval_split"] = Text(options.EvalSplit),
            ["per_device_train_batch_size"] = Text(options.BatchSize),
            ["gradient_accumulation_steps"] = Text(options.Accumulation),
            ["shuffle"] = Text(options.Shuffle),
            ["seed"] = Text(options.Seed),
            ["steps"] = Text(plan.Steps),
            ["lr_scheduler_type"] = Text(options.Schedule),
            ["learning_rate"] = Text(options.LearningRate),
            ["min_lr"] = Text(options.MinLearningRate),
            ["warmup_steps"] = Text(plan.WarmupSteps),
            ["weight_decay"] = Text(options.Optimizer.WeightDecay),
            ["adam_beta1"] = Text(options.Optimizer.Beta1),
            ["adam_beta2"] = Text(options.Optimizer.Beta2),
            ["adam_epsilon"] = Text(options.Optimizer.Epsilon),
            ["max_grad_norm"] = Text(options.Optimizer.MaxGradientNorm),
            ["bf16"] = Text(options.Mode == Kernels.ComputeMode.Bf16),
            ["quant"] = plan.Types.Format?.Name() ?? AsStored,
            ["init_adapter"] = options.InitAdapter is { } adapter ? Digest(Path.Combine(adapter, AdapterFolder.TensorName)) : None,
            ["train_attention_params_only"] = Text(options.AttentionOnly),
            ["use_lora"] = Text(options.Lora is not null),
        };
        if (options.Lora is { } lora)
        {
            settings["lora_rank"] = Text(lora.Rank);
            settings["lora_alpha"] = Text(lora.Alpha);
            settings["lora_dropout"] = Text(lora.Dropout);
            settings["use_rslora"] = Text(lora.UseRslora);
            settings["lora_target_modules"] = string.Join(',', lora.Targets);
        }

        return settings;
    }

    /// <summary>Checks that a run may continue.</summary>
    /// <exception cref="ModelException">A setting differs.</exception>
    public static void Check(IReadOnlyDictionary<string, string> stored, IReadOnlyDictionary<string, string> given, string checkpoint)
    {
        foreach ((string name, string value) in given)
        {
            stored.TryGetValue(name, out string? before);
            if (before != value)
            {
                string difference = name switch
                {
                    _ when before is null => $"it does not say what --{name} was, as those of earlier versions",
                    "train_data_file" => "the data file has another content",
                    "eval_data_file" => "--eval_data_file: the file of evaluation has another content, or only one of the two runs has one",
                    "model_name_or_path" => "the base model has other weights or another config",
                    "init_adapter" => "the adapter of --init_adapter is another, or only one of the two runs has one",
                    "tokenizer_name_or_path" => "the tokenizer or its chat template is another",
                    _ => $"--{name} was {before} and is {value}",
                };
                throw new ModelException($"{checkpoint}: the run cannot continue with other settings: {difference}.");
            }
        }
    }

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    private static string Digest(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelException($"{path}: there is no such file.");
        }

        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
