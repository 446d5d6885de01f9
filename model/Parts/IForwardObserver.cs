using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Receives intermediate values of a forward pass, to compare them with reference values. It must not modify them.</summary>
public interface IForwardObserver
{
    /// <summary>Called before the first layer with the residual stream, float32 [tokens, hidden].</summary>
    void OnEmbedded(IActivation x, int tokens);

    /// <summary>Called with a layer's router logits, float32 [tokens, experts], and the experts chosen from them.</summary>
    void OnRouted(int layer, IActivation scores, IRoutedRows routed);

    /// <summary>Called after a layer with the residual stream, float32 [tokens, hidden].</summary>
    void OnLayerFinished(int layer, IActivation x, int tokens);
}
