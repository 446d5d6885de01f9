using System.CommandLine;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Train;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Output;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Cli.Training;

/// <summary>The options of <c>train</c>. They have the names of the publisher's script; underscores may be written as hyphens.</summary>
internal static class TrainArguments
{
    private static readonly Option<string?> Model = Text(
        "--model_name_or_path", "DIR",
        $"The folder of the base model. [default: the variable {DefaultModel.Variable}, otherwise the bundled demo model]", "--model", "-m");

    private static readonly Option<string?> Tokenizer = Text(
        "--tokenizer_name_or_path", "DIR", "The folder with tokenizer and chat template. [default: the model's]");

    private static readonly Option<string?> Data = Text(
        "--train_data_file", "FILE", "A file with a chat {\"messages\": […]} or a sequence {\"input_ids\": […], \"labels\": […]} per line.", "--data");
    private static readonly Option<string?> Output = Text(
        "--output_dir", "DIR", "The folder for checkpoints, logs and the result: an adapter in PEFT's form, or a model folder.", "--out", "-o");
    private static readonly Option<string?> System = Text("--system", "TEXT", "The system message of chats that begin without one. [default: none]");
    private static readonly Option<int?> MaxLength = Number(
        "--max_seq_length", 2, 1 << 20, "Tokens after which an example is cut. [default: 4096, or what the model allows]");
    private static readonly Option<int?> BatchSize = Number("--per_device_train_batch_size", 1, 4096, "Examples that are computed together. [default: 1]");
    private static readonly Option<int?> Accumulation = Number("--gradient_accumulation_steps", 1, 4096, "Micro-batches of a step. [default: 1]");
    private static readonly Option<bool> Shuffle = Flag("--shuffle", "Take the examples of each pass in another order. [default: the order of the file]");
    private static readonly Option<int?> MaxSteps = Number("--max_steps", 1, 1_000_000_000, "Steps of the run. [default: from --num_train_epochs]");
    private static readonly Option<double?> Epochs = Real("--num_train_epochs", 0.001, 100_000, "Passes over the data. [default: 3]");
    private static readonly Option<string> Schedule = new Option<string>("--lr_scheduler_type", "--lr-scheduler-type")
    {
        Description = "The form of the learning rate.",
        HelpName = string.Join('|', ScheduleKinds.Names),
        DefaultValueFactory = static _ => ScheduleKinds.Names[0],
    }.OneOf([.. ScheduleKinds.Names]);

    private static readonly Option<double?> LearningRate = Real("--learning_rate", 0, 10, "The largest learning rate. [default: 5e-5]", "--lr");
    private static readonly Option<double?> MinLearningRate = Real(
        "--min_lr", 0, 10, "The last learning rate of cosine_with_min_lr, a rate and not a factor. [default: 0]");
    private static readonly Option<double?> WarmupRatio = Real("--warmup_ratio", 0, 1, "Warm-up as a part of all steps, rounded up. [default: 0]");
    private static readonly Option<int?> WarmupSteps = Number("--warmup_steps", 0, 1_000_000_000, "Steps of the warm-up. [default: from --warmup_ratio]");
    private static readonly Option<double?> WeightDecay = Real("--weight_decay", 0, 10, "Weight decay of all tensors but norms and biases. [default: 0]");
    private static readonly Option<double?> Beta1 = Real("--adam_beta1", 0, 0.99999, "Decay rate of AdamW's first moments. [default: 0.9]");
    private static readonly Option<double?> Beta2 = Real("--adam_beta2", 0, 0.9999999, "Decay rate of AdamW's second moments. [default: 0.999]");
    private static readonly Option<double?> Epsilon = Real("--adam_epsilon", 1e-16, 1, "Summand of AdamW's denominator. [default: 1e-8]");
    private static readonly Option<double?> MaxNorm = Real("--max_grad_norm", 0, 1e9, "Norm to which gradients are clipped; 0 clips none. [default: 1]");
    private static readonly Option<bool> UseLora = Flag("--use_lora", "Train adapters instead of the weights.");
    private static readonly Option<int?> Rank = Number("--lora_rank", 1, LoraConfig.MaxRank, "Rank of the adapters. [default: 64]");
    private static readonly Option<double?> Alpha = Real("--lora_alpha", 1e-6, 1e6, "Scale of the adapters, before it is divided by the rank. [default: 8]");
    private static readonly Option<double?> Dropout = Real("--lora_dropout", 0, 0.95, "Part of the adapters' inputs that is dropped at random. [default: 0]");
    private static readonly Option<bool> Rslora = Flag("--use_rslora", "Divide the scale by the square root of the rank.");
    private static readonly Option<string[]> Targets = TargetOption();
    private static readonly Option<string?> InitAdapter = Text(
        "--init_adapter", "DIR", "A PEFT folder with the first values of the adapters, and with defaults of their settings. [default: A at random, B zero]");

    private static readonly Option<string?> Quant = new Option<string>("--quant")
    {
        Description = "The format of the frozen weights under adapters, as serve computes with it. [default: the format of the checkpoint]",
        HelpName = string.Join('|', QuantFormats.Names),
    }.OneOf([.. QuantFormats.Names])!;

    private static readonly Option<bool> AttentionOnly = Flag("--train_attention_params_only", "Train only tensors of attention.");
    private static readonly Option<bool> Bf16 = Flag(
        "--bf16",
        "Round weights and inputs of products to bfloat16, which is faster and takes half the memory. Sums, gradients and AdamW stay float32. "
            + "[default: all float32]");

    private static readonly Option<bool> Recompute = Flag(
        "--gradient_checkpointing", "Compute activations again in the backward pass: a third more time, far less memory.");

    private static readonly Option<long?> Seed = new Option<long?>("--seed")
    {
        Description = "Seed of adapters, dropout and order. [default: 42]",
        HelpName = "N",
    }.InRange(0, long.MaxValue);

    private static readonly Option<int?> LoggingSteps = Number("--logging_steps", 1, 1_000_000, "Steps between lines of the report. [default: 1]");
    private static readonly Option<int?> SaveSteps = Number("--save_steps", 1, 1_000_000_000, "Steps between checkpoints. [default: none]");
    private static readonly Option<int?> SaveLimit = Number("--save_total_limit", 1, 1_000_000, "Number of checkpoints that are kept. [default: all]");
    private static readonly Option<string?> JsonLog = Text(
        "--log_json", "FILE", "A file that gets {\"step\", \"loss\", \"micro_losses\", \"grad_norm\", \"lr\"} for each step.");
    private static readonly Option<string> ReportTo = new Option<string>("--report_to", "--report-to")
    {
        Description = "Whether TensorBoard files are written to OUTPUT/runs.",
        HelpName = "tensorboard|none",
        DefaultValueFactory = static _ => "tensorboard",
    }.OneOf("tensorboard", "none");

    private static readonly Option<string?> Resume = new("--resume_from_checkpoint", "--resume-from-checkpoint")
    {
        Description = "Continue from a checkpoint, with the same losses as without the stop. [default without DIR: the newest of the output folder]",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> Overwrite = Flag("--overwrite_output_dir", "Replace results and checkpoints of an earlier run in the output folder.");
    private static readonly Option<string?> EvalFile = Text("--eval_data_file", "FILE", "Examples to evaluate on. The best result is kept in OUTPUT/best.");
    private static readonly Option<double?> EvalSplit = Real("--eval_split", 0, 0.9, "The part of the data that is kept for evaluation. [default: 0]");
    private static readonly Option<int?> EvalSteps = Number("--eval_steps", 1, 1_000_000_000, "Steps between evaluations. [default: each pass over the data]");

    /// <summary>Options of the publisher's script that have another meaning here, or none.</summary>
    private static readonly Option<string?> DeepSpeed = new("--deepspeed") { Hidden = true, Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> Fp16 = Hidden("--fp16");
    private static readonly Option<bool> FlashAttention = Hidden("--use_flash_attn");
    private static readonly Option<bool> LeafModule = Hidden("--make_moe_param_leaf_module");

    /// <summary>Adds all options to the verb.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)
        [
            Model, Tokenizer, Data, Output, System, MaxLength, BatchSize, Accumulation, Shuffle, MaxSteps, Epochs, Schedule, LearningRate, MinLearningRate,
            WarmupRatio, WarmupSteps, WeightDecay, Beta1, Beta2, Epsilon, MaxNorm, UseLora, Rank, Alpha, Dropout, Rslora, Targets, InitAdapter, Quant,
            AttentionOnly, Bf16, Recompute, Seed, LoggingSteps, SaveSteps, SaveLimit, JsonLog, ReportTo, Resume, Overwrite, EvalFile, EvalSplit, EvalSteps,
            DeepSpeed, Fp16, FlashAttention, LeafModule,
        ])
        {
            command.Add(option);
        }
    }

    // An option that would change nothing is most likely a mistake.
    private static void RefuseWithoutMeaning(ParseResult parsed)
    {
        string schedule = parsed.GetValue(Schedule)!;
        bool evaluates = parsed.GetValue(EvalFile) is not null || parsed.GetValue(EvalSplit) > 0;
        Refuse([MinLearningRate], schedule != "cosine_with_min_lr", "needs --lr_scheduler_type cosine_with_min_lr");
        Refuse([WarmupRatio, WarmupSteps], schedule == "constant", "has no meaning with constant; use constant_with_warmup");
        Refuse([EvalSteps], !evaluates, "needs --eval_data_file or --eval_split");
        Refuse([SaveLimit], parsed.GetValue(SaveSteps) is null, "needs --save_steps");
        Refuse([Epochs], parsed.GetValue(MaxSteps) is not null, "cannot be combined with --max_steps");
        Refuse([Overwrite], parsed.GetResult(Resume) is not null, "cannot be combined with --resume_from_checkpoint");

        void Refuse(Option[] options, bool refused, string why)
        {
            if (refused && SharedOptions.FindGiven(parsed, options) is { } given)
            {
                throw new UsageException($"{given.Name} {why}.");
            }
        }
    }

    /// <summary>Reads the options.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="note">Receives what the user should know about an option.</param>
    /// <exception cref="UsageException">An option is missing, or has no meaning here.</exception>
    public static TrainOptions Read(ParseResult parsed, Action<string> note)
    {
        RefuseOthers(parsed, note);
        bool lora = parsed.GetValue(UseLora);
        Option? orphan = lora ? null : SharedOptions.FindGiven(parsed, [Rank, Alpha, Dropout, Rslora, Targets, InitAdapter, Quant]);
        if (orphan is not null)
        {
            throw new UsageException($"{orphan.Name} needs --use_lora.");
        }

        RefuseWithoutMeaning(parsed);
        string model = parsed.GetValue(Model) ?? DefaultModel.Folder();
        TrainOptions defaults = new() { Model = model, DataFile = Required(parsed, Data), OutputFolder = Required(parsed, Output) };
        return defaults with
        {
            Tokenizer = parsed.GetValue(Tokenizer),
            System = parsed.GetValue(System) ?? "",
            MaxLength = parsed.GetValue(MaxLength) ?? Math.Min(defaults.MaxLength, HunyuanOrleans.Model.Configuration.ModelConfig.Load(model).MaxPositions),
            BatchSize = parsed.GetValue(BatchSize) ?? defaults.BatchSize,
            Accumulation = parsed.GetValue(Accumulation) ?? defaults.Accumulation,
            Shuffle = parsed.GetValue(Shuffle),
            MaxSteps = parsed.GetValue(MaxSteps) ?? 0,
            Epochs = parsed.GetValue(Epochs) ?? defaults.Epochs,
            Schedule = ScheduleKinds.Parse(parsed.GetValue(Schedule)!),
            LearningRate = parsed.GetValue(LearningRate) ?? defaults.LearningRate,
            MinLearningRate = parsed.GetValue(MinLearningRate) ?? 0,
            WarmupRatio = parsed.GetValue(WarmupRatio) ?? 0,
            WarmupSteps = parsed.GetValue(WarmupSteps) ?? 0,
            Optimizer = new OptimizerSettings
            {
                WeightDecay = parsed.GetValue(WeightDecay) ?? 0,
                Beta1 = parsed.GetValue(Beta1) ?? defaults.Optimizer.Beta1,
                Beta2 = parsed.GetValue(Beta2) ?? defaults.Optimizer.Beta2,
                Epsilon = parsed.GetValue(Epsilon) ?? defaults.Optimizer.Epsilon,
                MaxGradientNorm = parsed.GetValue(MaxNorm) ?? defaults.Optimizer.MaxGradientNorm,
            },
            Lora = lora ? ReadLora(parsed) : null,
            InitAdapter = parsed.GetValue(InitAdapter),
            AttentionOnly = parsed.GetValue(AttentionOnly),
            Mode = parsed.GetValue(Bf16) ? ComputeMode.Bf16 : ComputeMode.F32,
            Quant = parsed.GetValue(Quant) is { } format ? QuantFormats.Parse(format) : null,
            Recompute = parsed.GetValue(Recompute),
            Seed = (ulong)(parsed.GetValue(Seed) ?? (long)defaults.Seed),
            Threads = parsed.GetValue(SharedOptions.Threads) ?? 0,
            LoggingSteps = parsed.GetValue(LoggingSteps) ?? defaults.LoggingSteps,
            SaveSteps = parsed.GetValue(SaveSteps) ?? 0,
            SaveTotalLimit = parsed.GetValue(SaveLimit) ?? 0,
            JsonLog = parsed.GetValue(JsonLog),
            TensorBoard = parsed.GetValue(ReportTo) == "tensorboard",
            ResumeFrom = parsed.GetResult(Resume) is null ? null : parsed.GetValue(Resume) ?? "",
            Overwrite = parsed.GetValue(Overwrite),
            EvalFile = parsed.GetValue(EvalFile),
            EvalSplit = parsed.GetValue(EvalSplit) ?? 0,
            EvalSteps = parsed.GetValue(EvalSteps) ?? 0,
        };
    }

    private static LoraSettings ReadLora(ParseResult parsed)
    {
        // An adapter to begin with has settings of its own.
        LoraSettings defaults = parsed.GetValue(InitAdapter) is { } adapter ? AdapterFolder.ReadSettings(adapter) : new LoraSettings();
        string[] targets = parsed.GetValue(Targets) ?? [];
        return defaults with
        {
            Rank = parsed.GetValue(Rank) ?? defaults.Rank,
            Alpha = parsed.GetValue(Alpha) ?? defaults.Alpha,
            Dropout = parsed.GetValue(Dropout) ?? defaults.Dropout,
            UseRslora = parsed.GetValue(Rslora) || defaults.UseRslora,
            Targets = targets.Length > 0 ? targets : defaults.Targets,
        };
    }

    private static void RefuseOthers(ParseResult parsed, Action<string> note)
    {
        if (parsed.GetResult(DeepSpeed) is not null)
        {
            throw new UsageException(
                "--deepspeed: there is no DeepSpeed here, and its file is not read. Instead: --gradient_checkpointing for its checkpointing of activations, "
                + "--per_device_train_batch_size and --gradient_accumulation_steps for its batch, --max_grad_norm for its clipping, --bf16 for its precision. "
                + "Weights are not divided among processes.");
        }

        if (parsed.GetValue(Fp16))
        {
            throw new UsageException("--fp16: products are computed in float32 or, with --bf16, in bfloat16.");
        }

        if (parsed.GetValue(FlashAttention))
        {
            note("--use_flash_attn changes nothing: attention here never stores its scores.");
        }

        if (parsed.GetValue(LeafModule))
        {
            note("--make_moe_param_leaf_module changes nothing: it is a setting for DeepSpeed.");
        }
    }

    private static string Required(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) ?? throw new UsageException($"{option.Name} is required.");

    private static string[] Names(string name, string[] more) => name.Contains('_') ? [name.Replace('_', '-'), .. more] : more;

    private static Option<string?> Text(string name, string help, string description, params string[] more) =>
        new(name, Names(name, more)) { Description = description, HelpName = help };

    private static Option<bool> Flag(string name, string description) => new(name, Names(name, [])) { Description = description };

    private static Option<bool> Hidden(string name) => new(name, Names(name, [])) { Hidden = true };

    private static Option<int?> Number(string name, int least, int most, string description) =>
        new Option<int?>(name, Names(name, [])) { Description = description, HelpName = "N" }.InRange(least, most);

    private static Option<double?> Real(string name, double least, double most, string description, params string[] more) =>
        new Option<double?>(name, Names(name, more)) { Description = description, HelpName = "X" }.InRange(least, most);

    private static Option<string[]> TargetOption()
    {
        Option<string[]> option = new("--lora_target_modules", "--lora-target-modules")
        {
            Description = $"The modules that get adapters, separated by commas. [default: {string.Join(',', LoraSettings.DefaultTargets)}]",
            HelpName = "NAMES",
            CustomParser = static result =>
            {
                string[] names = string.Join(',', result.Tokens.Select(static token => token.Value)).Split(',', StringSplitOptions.TrimEntries);
                if (names.FirstOrDefault(static name => !LoraSettings.AllTargets.Contains(name)) is { } unknown)
                {
                    result.AddError($"--lora_target_modules does not know '{unknown}'; allowed: {string.Join(", ", LoraSettings.AllTargets)}.");
                }

                return names;
            },
        };
        return option;
    }
}
