namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// Chooses the experts of tokens: the k largest of the softmax over all router logits. With k = 1 the weight is the probability itself; with larger k it
/// is divided by the sum of the chosen probabilities (at least the float32 epsilon, as in the published code). Of equal logits the lower expert number
/// is chosen. Other models use <see cref="SigmoidRouting"/>.
/// </summary>
public interface IExpertSelector
{
    /// <summary>Chooses the experts of every token and orders the rows.</summary>
    /// <param name="scores">Router logits, float32 [tokens, experts].</param>
    /// <param name="routed">Receives the choice, after <see cref="IRoutedRows.Begin"/>.</param>
    /// <param name="sigmoid">How to choose by sigmoids; null (default) to choose by the softmax.</param>
    /// <exception cref="NotSupportedException">The device cannot choose by sigmoids.</exception>
    void Run(IActivation scores, IRoutedRows routed, SigmoidRouting? sigmoid = null);
}
