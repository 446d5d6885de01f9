using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Text.Tokenization;
using HunyuanOrleans.Train;
using HunyuanOrleans.Train.Data;

namespace HunyuanOrleans.Cli.Training;

/// <summary>What <c>train --dry-run</c> shows: the first examples with what is trained of them, and steps, memory and time.</summary>
internal static class TrainPreview
{
    private const int ShownExamples = 3;

    private const string Trained = "\x1b[32m", Ignored = "\x1b[2m", Reset = "\x1b[0m";

    /// <summary>Writes the preview.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="output">Receives the text.</param>
    /// <param name="colour">Whether trained tokens are coloured; otherwise they are between ⟦ and ⟧.</param>
    /// <param name="measure">Loads the model and measures its tokens per second. It is called if the memory suffices.</param>
    public static void Write(TrainingPlan plan, TextWriter output, bool colour, Func<double> measure)
    {
        string folder = plan.Options.Tokenizer ?? plan.Options.Model;
        Tokenizer? tokenizer = Tokenizer.Exists(folder) ? Tokenizer.Load(folder) : null;
        foreach (TrainingExample example in plan.Data.Examples.Take(ShownExamples))
        {
            output.WriteLine($"line {example.Line}, {example.Ids.Length} tokens, {example.Predictions} trained:");
            output.WriteLine(Render(example, tokenizer, colour));
            output.WriteLine();
        }

        TrainingData data = plan.Data;
        output.WriteLine($"examples      {data.Examples.Count} with {data.Tokens} tokens, {data.Predictions} of them trained");
        if (data.CutLines > 0 || data.UntrainedLines > 0)
        {
            output.WriteLine(
                $"left out      {data.CutTokens} tokens of {data.CutLines} examples longer than {plan.Options.MaxLength}; "
                + $"{data.UntrainedLines} examples without a trained token");
        }

        if (plan.Evaluation is { } evaluation)
        {
            output.WriteLine($"evaluation    {evaluation.Examples.Count} examples, each {plan.EvalSteps} steps");
        }

        TrainingEstimate estimate = new(plan);
        output.WriteLine($"steps         {plan.Steps}, {plan.WarmupSteps} of them warm-up, {plan.StepsPerPass} in a pass over the data");
        output.WriteLine(
            FormattableString.Invariant($"learning rate {plan.Schedule.At(1):0.##e-0} at step 1, {plan.Options.LearningRate:0.##e-0} at most, ")
            + FormattableString.Invariant($"{plan.Schedule.At(plan.Steps):0.##e-0} at the end"));
        output.WriteLine($"trained       {Units.Count(estimate.TrainedValues)} of {Units.Count(plan.Config.ParameterCount.Total)} values");
        output.WriteLine(
            $"memory        about {Units.Bytes(estimate.TotalBytes)}: weights {Units.Bytes(estimate.WeightBytes)}, "
            + $"trained values {Units.Bytes(estimate.TrainingBytes)}, activations {Units.Bytes(estimate.ActivationBytes)}");
        output.WriteLine(Time(plan, estimate, measure));
    }

    private static string Time(TrainingPlan plan, TrainingEstimate estimate, Func<double> measure)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (estimate.TotalBytes > available)
        {
            return $"time          not measured: this machine has {Units.Bytes(available)} of memory";
        }

        double speed = measure();
        TimeSpan time = TimeSpan.FromSeconds(estimate.TokensPerStep * plan.Steps / speed);
        return FormattableString.Invariant(
            $"time          about {(int)time.TotalHours}:{time:mm\\:ss} at {speed:0} tokens/s, measured with the first micro-batch");
    }

    private static string Render(TrainingExample example, Tokenizer? tokenizer, bool colour)
    {
        List<string> pieces = [];
        for (int from = 0; from < example.Ids.Length;)
        {
            bool trained = example.Labels[from] != TrainingExample.Ignored;
            int end = from;
            while (end < example.Ids.Length && (example.Labels[end] != TrainingExample.Ignored) == trained)
            {
                end++;
            }

            int[] ids = example.Ids[from..end];
            string text = tokenizer is null ? string.Join(' ', ids) : tokenizer.Decode(ids);
            pieces.Add((trained, colour) switch
            {
                (true, true) => Trained + text + Reset,
                (true, false) => $"⟦{text}⟧",
                (false, true) => Ignored + text + Reset,
                _ => text,
            });
            from = end;
        }

        return string.Concat(pieces);
    }
}
