namespace HunyuanOrleans.Train.Optimization;

/// <summary>
/// The learning rate of each step, as the trainer of the transformers library computes it. The first step of a warm-up has the rate 0.
/// </summary>
/// <param name="Kind">The form after the warm-up.</param>
/// <param name="LearningRate">The rate at the end of the warm-up.</param>
/// <param name="MinLearningRate">The last rate of <see cref="ScheduleKind.CosineWithMinLr"/>.</param>
/// <param name="WarmupSteps">Steps of the warm-up.</param>
/// <param name="TotalSteps">Steps of the run.</param>
public sealed record LearningRateSchedule(ScheduleKind Kind, double LearningRate, double MinLearningRate, int WarmupSteps, int TotalSteps)
{
    /// <summary>The rate of a step.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    public double At(int step)
    {
        int index = step - 1;
        if (Kind == ScheduleKind.Constant)
        {
            return LearningRate;
        }

        if (index < WarmupSteps)
        {
            return LearningRate * index / Math.Max(1, WarmupSteps);
        }

        double progress = (double)(index - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps);
        double cosine = Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress)));
        return Kind switch
        {
            ScheduleKind.CosineWithMinLr => (cosine * (LearningRate - MinLearningRate)) + MinLearningRate,
            ScheduleKind.Cosine => LearningRate * cosine,
            ScheduleKind.Linear => LearningRate * Math.Max(0, 1 - progress),
            _ => LearningRate,
        };
    }
}
