using System.Diagnostics;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Train;
using HunyuanOrleans.Train.Optimization;

namespace HunyuanOrleans.Cli.Training;

/// <summary>Reports a training run: beside a progress bar on a terminal, and as lines elsewhere.</summary>
/// <param name="plan">The run.</param>
/// <param name="output">Receives lines; null for none.</param>
/// <param name="progress">Receives the progress of loading, then of steps.</param>
internal sealed class TrainReport(TrainingPlan plan, TextWriter? output, ProgressReport progress) : ITrainingObserver
{
    private readonly Stopwatch _clock = new();
    private long _tokens;
    private int _firstStep;
    private double _lossSum;
    private int _lossSteps;

    /// <summary>The loss of the last step; null if this process computed none.</summary>
    public double? LastLoss { get; private set; }

    /// <summary>The lowest loss of an evaluation of this process; null without evaluation.</summary>
    public double? BestEvaluation { get; private set; }

    /// <summary>Tokens per second since the first step.</summary>
    public double TokensPerSecond => _tokens / Math.Max(1e-9, _clock.Elapsed.TotalSeconds);

    /// <summary>Seconds since the first step.</summary>
    public double Seconds => _clock.Elapsed.TotalSeconds;

    /// <inheritdoc/>
    public void Loading(int done, int total) => progress(done, total, "(loading)");

    /// <inheritdoc/>
    public void Started(int firstStep, long trainedValues)
    {
        _firstStep = firstStep;
        _clock.Start();
        string begin = firstStep == 1 ? $"{plan.Steps} steps"
            : firstStep > plan.Steps ? $"nothing is left to do: all {plan.Steps} steps are done"
            : $"steps {firstStep} to {plan.Steps}";
        output?.WriteLine($"training {Units.Count(trainedValues)} values, {begin}");
        progress(0, plan.Steps, "");
    }

    /// <inheritdoc/>
    public void StepDone(StepResult result, double seconds)
    {
        _tokens += result.Tokens;
        LastLoss = result.Loss;
        _lossSum += result.Loss;
        _lossSteps++;
        double perStep = _clock.Elapsed.TotalSeconds / (result.Step - _firstStep + 1);
        TimeSpan left = TimeSpan.FromSeconds(perStep * (plan.Steps - result.Step));
        string numbers = FormattableString.Invariant(
            $"loss {_lossSum / _lossSteps:0.0000}  lr {result.LearningRate:0.##e-0}  {TokensPerSecond:0} tokens/s  {Units.Bytes(Environment.WorkingSet)}");
        progress(result.Step, plan.Steps, numbers);
        if (result.Step % plan.Options.LoggingSteps == 0 || result.Step == plan.Steps)
        {
            output?.WriteLine(FormattableString.Invariant(
                $"step {result.Step}/{plan.Steps}  {numbers}  norm {result.GradientNorm:0.000}  left {(int)left.TotalHours}:{left:mm\\:ss}"));
            (_lossSum, _lossSteps) = (0, 0);
        }
    }

    /// <inheritdoc/>
    public void Evaluated(int step, double loss, bool best)
    {
        BestEvaluation = best ? loss : BestEvaluation;
        output?.WriteLine(FormattableString.Invariant($"evaluation after step {step}: loss {loss:0.0000}{(best ? ", the best so far" : "")}"));
    }

    /// <inheritdoc/>
    public void Saved(string folder) => output?.WriteLine($"saved {folder}");
}
