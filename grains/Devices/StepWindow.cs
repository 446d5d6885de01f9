using HunyuanOrleans.Contracts.Grains;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>
/// Which steps of a scheduler may still be computed, as far as the messages that arrived here tell: the latest, and those that were under way when it was
/// sent. Not thread-safe.
/// </summary>
internal sealed class StepWindow
{
    private long[] _inFlight = [];

    /// <summary>Number of the latest step that was here; 0 before the first.</summary>
    public long Latest { get; private set; }

    /// <summary>True if a step is not over.</summary>
    public bool Contains(long number) => number >= Latest || Array.IndexOf(_inFlight, number) >= 0;

    /// <summary>Records that a step is here.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="inFlight">The others that were under way when it was sent.</param>
    /// <returns>True if it is the latest, so that earlier ones may be over now.</returns>
    /// <exception cref="StaleStepException">The step is over: it would overwrite KV blocks that belong to other sequences by now.</exception>
    public bool Enter(long number, long[] inFlight)
    {
        if (!Contains(number))
        {
            throw new StaleStepException($"Step {number} comes late: step {Latest} was here, and step {number} was over when that was sent.");
        }

        if (number <= Latest)
        {
            return false;
        }

        (Latest, _inFlight) = (number, inFlight);
        return true;
    }

    /// <summary>Forgets all steps, because another scheduler numbers its own.</summary>
    public void Clear() => (Latest, _inFlight) = (0, []);
}
