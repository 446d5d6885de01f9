using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Parameters;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>The gradient of every kind of tensor, in every golden model, predicts how the loss changes.</summary>
public sealed class FiniteDifferenceTests
{
    // The change of the loss that a step is made for: far above the rounding of float32, small enough for the curvature.
    private const double WantedChange = 0.01;

    private const double Tolerance = 0.02;

    // One tensor of each kind in each of these layers, to keep the time short.
    private static readonly int[] Layers = [0, 1, 3];

    public static TheoryData<string> Models => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_predict_changes_of_the_loss(string model)
    {
        GoldenCase golden = GoldenCase.Load(model);
        using TrainingFixture training = ForwardTests.Open(golden.ModelFolder);
        MicroBatch batch = new([ForwardTests.Example(golden.PromptOfLength(33).Ids), ForwardTests.Example(golden.PromptOfLength(7).Ids)]);
        training.Transformer.LossAndGradients(batch, 1, dropoutKey: 0);
        List<Parameter> chosen = [.. training.Model.Parameters.Where(static p => Norm(p) > 1e-3).DistinctBy(Kind)];
        Assert.True(chosen.Count >= 10, $"Only {chosen.Count} kinds of tensors have gradients.");
        int compared = 0;
        foreach (Parameter parameter in chosen)
        {
            double norm = Norm(parameter);
            double step = WantedChange / norm / 2;
            double up = Loss(training, batch, parameter, step / norm);
            double down = Loss(training, batch, parameter, -2 * step / norm);
            Loss(training, batch, parameter, step / norm);
            double slope = (up - down) / (2 * step);

            // A step over the border between two experts makes the loss jump; half of it must then not.
            if (Math.Abs((slope / norm) - 1) > Tolerance)
            {
                step /= 16;
                up = Loss(training, batch, parameter, step / norm);
                down = Loss(training, batch, parameter, -2 * step / norm);
                Loss(training, batch, parameter, step / norm);
                slope = (up - down) / (2 * step);
            }

            Assert.True(Math.Abs((slope / norm) - 1) <= Tolerance, $"{parameter.Name}: the slope is {slope}, the gradient's norm {norm}.");
            compared++;
        }

        Assert.Equal(chosen.Count, compared);
    }

    private static string Kind(Parameter parameter)
    {
        string[] parts = parameter.Name.Split('.');
        bool layer = parts.Length > 3 && int.TryParse(parts[2], out int number) && Layers.Contains(number);
        return layer ? $"{parts[2]} {string.Join('.', parts[3..].Where(static part => !int.TryParse(part, out _)))}" : string.Join('.', parts.Where(static part => !int.TryParse(part, out _)));
    }

    internal static double Norm(Parameter parameter)
    {
        double sum = 0;
        for (int row = 0; row < parameter.Gradient.Rows; row++)
        {
            foreach (float value in parameter.Gradient.Row(row))
            {
                sum += (double)value * value;
            }
        }

        return Math.Sqrt(sum);
    }

    // Moves the tensor along its gradient and returns the loss there.
    internal static double Loss(TrainingFixture training, MicroBatch batch, Parameter parameter, double factor)
    {
        for (int row = 0; row < parameter.Value.Rows; row++)
        {
            Span<float> values = parameter.Value.Row(row), gradient = parameter.Gradient.Row(row);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] += (float)(factor * gradient[i]);
            }
        }

        training.Repack();
        return training.Transformer.Loss(batch);
    }
}
