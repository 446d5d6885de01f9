using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Training;
using HunyuanOrleans.Train;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>train</c>: fine-tunes a model on this machine.</summary>
internal static class TrainCommand
{
    private static readonly Option<bool> DryRun = new("--dry-run", "--dry_run")
    {
        Description = "Only check the data, and show examples with what is trained of them, steps, memory and time.",
    };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("train", "Fine-tunes a model: adapters (LoRA) with --use_lora, otherwise its weights.");
        TrainArguments.AddTo(command);
        command.Add(SharedOptions.Threads);
        command.Add(DryRun);
        command.Add(SharedOptions.Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        InvocationConfiguration streams = parsed.InvocationConfiguration;
        TrainingPlan plan = TrainingPlan.Create(TrainArguments.Read(parsed, note => streams.Error.WriteLine($"hunyuan train: {note}")));
        TextWriter output = streams.Output;
        bool json = parsed.GetValue(SharedOptions.Json);
        if (parsed.GetValue(DryRun))
        {
            if (json)
            {
                throw new UsageException("--dry-run and --json cannot be combined.");
            }

            TrainPreview.Write(plan, output, TerminalFeatures.IsInteractive, () => Measure(plan));
            return ExitCode.Success;
        }

        if (plan.Data.CutLines > 0 || plan.Data.UntrainedLines > 0)
        {
            streams.Error.WriteLine(
                $"hunyuan train: {plan.Data.CutLines} examples are longer than {plan.Options.MaxLength} tokens and lose {plan.Data.CutTokens} tokens; "
                + $"{plan.Data.UntrainedLines} examples without a trained token are left out.");
        }

        using InterruptHandler interrupt = new();
        TrainReport report = ProgressDisplay.Run("Training", bytes: false, progress =>
        {
            TrainReport report = new(plan, json || TerminalFeatures.IsInteractive ? null : output, progress);
            using Trainer trainer = new(plan, report, TimeProvider.System, interrupt.Token);
            trainer.Run();
            return report;
        });
        using Process process = Process.GetCurrentProcess();
        TrainResult result = new(
            plan.Options.OutputFolder,
            plan.Steps,
            report.LastLoss,
            report.BestEvaluation,
            Math.Round(report.Seconds, 3),
            Math.Round(report.TokensPerSecond, 1),
            process.PeakWorkingSet64);
        output.WriteLine(json
            ? JsonSerializer.Serialize(result, JsonOutput.Readable.TrainResult)
            : result.Loss is null ? $"{result.Output}: nothing was left to do, all {result.Steps} steps were done before"
            : FormattableString.Invariant($"{result.Output}: loss {result.Loss:0.0000} after {result.Steps} steps, {result.Seconds:0.0} s, ")
                + FormattableString.Invariant($"{result.TokensPerSecond:0} tokens/s, at most {Units.Bytes(result.PeakMemoryBytes)}"));
        return ExitCode.Success;
    }

    private static double Measure(TrainingPlan plan)
    {
        using InterruptHandler interrupt = new();
        return ProgressDisplay.Run("Measuring", bytes: false, progress =>
        {
            using Trainer trainer = new(plan, new TrainReport(plan, null, progress), TimeProvider.System, interrupt.Token);
            return trainer.MeasureSpeed();
        });
    }
}
