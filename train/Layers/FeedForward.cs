using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Train.Layers;

/// <summary>The second half of a layer: the plain MLP, or router, shared expert and experts, in both directions. Not thread-safe.</summary>
/// <param name="pool">Workers to use.</param>
/// <param name="linear">Runs the linear layers.</param>
public sealed class FeedForward(WorkerPool pool, LinearOperations linear) : IDisposable
{
    private const int RowsPerUnit = 16;
    private readonly SwiGluGradient _swiGlu = new(pool);
    private readonly ParallelRows _parallel = new(pool);
    private readonly Dictionary<(int Slot, int Columns), Activation> _buffers = [];
    private float[] _weightGradients = [];

    /// <summary>Adds the outputs of all MLPs to the residual stream.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="state">The state, with <see cref="LayerState.NormedMiddle"/> set.</param>
    /// <param name="x">The residual stream, [tokens, hidden].</param>
    /// <param name="tokens">Number of tokens.</param>
    public void Forward(Layer layer, LayerState state, Activation x, int tokens)
    {
        if (layer.Shared is { } shared)
        {
            Forward(shared, state.Shared!, state.NormedMiddle, x, 0, tokens, accumulate: true);
        }

        if (layer.Router is not { } router)
        {
            return;
        }

        ExpertRoutes routes = state.Routes!;
        linear.Forward(router, state.NormedMiddle, 0, state.Scores!, 0, tokens, accumulate: false);
        routes.Choose(state.Scores!, tokens, layer.RouterBias);
        _parallel.Run(tokens, RowsPerUnit, (first, end, _) =>
        {
            for (int token = first; token < end; token++)
            {
                for (int choice = 0; choice < layer.TopK; choice++)
                {
                    state.NormedMiddle.Row(token).CopyTo(state.ExpertInputs!.Row(routes.Row(token, choice)));
                }
            }
        });
        for (int expert = 0; expert < layer.Experts.Count; expert++)
        {
            (int start, int count) = (routes.Starts[expert], routes.Counts[expert]);
            Forward(layer.Experts[expert], state.Experts!, state.ExpertInputs!, state.ExpertOutputs!, start, count, accumulate: false);
        }

        _parallel.Run(tokens, RowsPerUnit, (first, end, _) =>
        {
            for (int token = first; token < end; token++)
            {
                for (int choice = 0; choice < layer.TopK; choice++)
                {
                    RowOperations.AddRow(state.ExpertOutputs!, routes.Row(token, choice), routes.Weight(token, choice), x, token);
                }
            }
        });
    }

    /// <summary>The gradients of <see cref="Forward(Layer, LayerState, Activation, int)"/>.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="state">The state of the forward pass. Its intermediate values are overwritten.</param>
    /// <param name="dy">Gradient of the residual stream after the MLPs.</param>
    /// <param name="dx">Receives the gradient of <see cref="LayerState.NormedMiddle"/>.</param>
    /// <param name="tokens">Number of tokens.</param>
    public void Backward(Layer layer, LayerState state, Activation dy, Activation dx, int tokens)
    {
        bool written = false;
        if (layer.Shared is { } shared)
        {
            Backward(shared, state.Shared!, state.NormedMiddle, dy, dx, 0, tokens);
            written = true;
        }

        if (layer.Router is not { } router)
        {
            return;
        }

        ExpertRoutes routes = state.Routes!;
        int choices = layer.TopK;
        int routed = tokens * choices;
        Activation outputGradients = Buffer(0, state.ExpertOutputs!.Rows, dy.Columns);
        Activation inputGradients = Buffer(1, state.ExpertOutputs.Rows, dy.Columns);
        if (_weightGradients.Length < routed)
        {
            _weightGradients = new float[routed];
        }

        _parallel.Run(tokens, RowsPerUnit, (first, end, _) =>
        {
            for (int token = first; token < end; token++)
            {
                ReadOnlySpan<float> given = dy.Row(token);
                for (int choice = 0; choice < choices; choice++)
                {
                    int row = routes.Row(token, choice);
                    float weight = routes.Weight(token, choice);
                    Span<float> output = state.ExpertOutputs.Row(row), target = outputGradients.Row(row);
                    float dot = 0;
                    for (int i = 0; i < given.Length; i++)
                    {
                        dot += given[i] * output[i];
                        target[i] = given[i] * weight;
                    }

                    _weightGradients[(token * choices) + choice] = dot;
                }
            }
        });
        for (int expert = 0; expert < layer.Experts.Count; expert++)
        {
            Backward(layer.Experts[expert], state.Experts!, state.ExpertInputs!, outputGradients, inputGradients, routes.Starts[expert], routes.Counts[expert]);
        }

        routes.Backward(state.Scores!, tokens, _weightGradients);
        linear.Backward(router, state.NormedMiddle, 0, state.Scores!, 0, dx, 0, tokens, accumulate: written);
        _parallel.Run(tokens, RowsPerUnit, (first, end, _) =>
        {
            for (int token = first; token < end; token++)
            {
                for (int choice = 0; choice < choices; choice++)
                {
                    RowOperations.AddRow(inputGradients, routes.Row(token, choice), 1, dx, token);
                }
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activation buffer in _buffers.Values)
        {
            buffer.Dispose();
        }
    }

    private void Forward(Mlp mlp, MlpState state, Activation x, Activation y, int row, int rows, bool accumulate)
    {
        linear.Forward(mlp.Gate, x, row, state.Gate, row, rows, accumulate: false);
        linear.Forward(mlp.Up, x, row, state.Up, row, rows, accumulate: false);
        _swiGlu.Forward(state.Gate, state.Up, state.Hidden, row, rows);
        linear.Forward(mlp.Down, state.Hidden, row, y, row, rows, accumulate);
    }

    private void Backward(Mlp mlp, MlpState state, Activation x, Activation dy, Activation dx, int row, int rows)
    {
        Activation hidden = Buffer(2, state.Hidden.Rows, mlp.Width);
        linear.Backward(mlp.Down, state.Hidden, row, dy, row, hidden, row, rows, accumulate: false);
        _swiGlu.Backward(state.Gate, state.Up, hidden, row, rows);
        linear.Backward(mlp.Gate, x, row, state.Gate, row, dx, row, rows, accumulate: false);
        linear.Backward(mlp.Up, x, row, state.Up, row, dx, row, rows, accumulate: true);
    }

    private Activation Buffer(int slot, int rows, int columns)
    {
        if (_buffers.TryGetValue((slot, columns), out Activation? buffer) && buffer.Rows >= rows)
        {
            return buffer;
        }

        buffer?.Dispose();
        return _buffers[(slot, columns)] = new Activation(rows, columns, ElementType.F32);
    }
}
