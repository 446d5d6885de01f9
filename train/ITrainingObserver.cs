using HunyuanOrleans.Train.Optimization;

namespace HunyuanOrleans.Train;

/// <summary>Follows a training run. All methods are called on the thread that trains.</summary>
public interface ITrainingObserver
{
    /// <summary>Weights are being loaded.</summary>
    /// <param name="done">Finished parts.</param>
    /// <param name="total">All parts.</param>
    void Loading(int done, int total);

    /// <summary>Training begins.</summary>
    /// <param name="firstStep">The first step, above 1 if the run continues.</param>
    /// <param name="trainedValues">Number of values that are trained.</param>
    void Started(int firstStep, long trainedValues);

    /// <summary>A step is done.</summary>
    /// <param name="result">What it gave.</param>
    /// <param name="seconds">How long it took.</param>
    void StepDone(StepResult result, double seconds);

    /// <summary>The model was evaluated.</summary>
    /// <param name="step">After which step.</param>
    /// <param name="loss">The mean loss of all predictions.</param>
    /// <param name="best">Whether no loss before was as low.</param>
    void Evaluated(int step, double loss, bool best);

    /// <summary>A folder was written.</summary>
    void Saved(string folder);
}
