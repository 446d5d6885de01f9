using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Model;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Layers;

namespace HunyuanOrleans.Train.Optimization;

/// <summary>
/// The steps of training: micro-batches, clipping, AdamW. A step depends on its number, the parameters and the moments alone, so a run that continues
/// from them gives the same bits. It does not know files.
/// </summary>
public sealed class TrainingLoop
{
    private readonly TrainedModel _model;
    private readonly Transformer _transformer;
    private readonly LinearOperations _linear;
    private readonly BatchSequence _batches;
    private readonly Optimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly int _accumulation;
    private readonly ulong _seed;

    /// <summary>Creates the loop.</summary>
    /// <param name="model">The model.</param>
    /// <param name="transformer">Computes losses and gradients.</param>
    /// <param name="linear">Packs changed weights.</param>
    /// <param name="batches">The micro-batches.</param>
    /// <param name="optimizer">Changes the parameters.</param>
    /// <param name="schedule">The learning rates.</param>
    /// <param name="accumulation">Micro-batches of a step.</param>
    /// <param name="seed">Seed of dropout.</param>
    public TrainingLoop(
        TrainedModel model, Transformer transformer, LinearOperations linear, BatchSequence batches, Optimizer optimizer, LearningRateSchedule schedule,
        int accumulation, ulong seed)
    {
        (_model, _transformer, _linear, _batches) = (model, transformer, linear, batches);
        (_optimizer, _schedule, _accumulation, _seed) = (optimizer, schedule, accumulation, seed);
    }

    /// <summary>Computes the losses and gradients of a step without changing the parameters.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="cancellation">Checked before each micro-batch.</param>
    public StepResult Accumulate(int step, CancellationToken cancellation)
    {
        double[] losses = new double[_accumulation];
        int tokens = 0;
        for (int i = 0; i < _accumulation; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            long number = ((step - 1L) * _accumulation) + i;
            MicroBatch batch = _batches[number];

            // 0 would turn dropout off.
            ulong key = RowOperations.Mix(_seed ^ RowOperations.Mix((ulong)number)) | 1;
            losses[i] = _transformer.LossAndGradients(batch, 1.0 / _accumulation, key);
            tokens += batch.Ids.Length;
        }

        return new StepResult(step, losses.Average(), losses, _optimizer.GradientNorm(), _schedule.At(step), tokens);
    }

    /// <summary>Runs one step.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="cancellation">Checked before each micro-batch. The parameters are unchanged if it ends the step.</param>
    /// <exception cref="ModelException">The loss or the gradient is not finite.</exception>
    public StepResult Run(int step, CancellationToken cancellation)
    {
        StepResult result = Accumulate(step, cancellation);
        if (!double.IsFinite(result.Loss) || !double.IsFinite(result.GradientNorm))
        {
            throw new ModelException(
                $"Step {step}: the loss is {result.Loss} and the norm of the gradient {result.GradientNorm}, so training cannot go on. "
                + "Try a lower learning rate or a longer warm-up.");
        }

        _optimizer.Step(step, result.LearningRate, result.GradientNorm);
        foreach (Linear linear in _model.TrainedLinears)
        {
            _linear.Repack(linear, linear.Weight!.Value);
        }

        return result;
    }
}
