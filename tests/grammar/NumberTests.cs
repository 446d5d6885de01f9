using System.Globalization;
using System.Text;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

/// <summary>Compares the number keywords of schemas with decimal arithmetic.</summary>
public sealed class NumberTests
{
    private static readonly TestVocabulary Vocabulary = TestVocabulary.Pieces(1, "-12", "100", "0.5", "999");

    [Fact]
    public void Bounds_of_integers_are_exact()
    {
        var random = new Random(5);
        for (int i = 0; i < 60; i++)
        {
            int scale = (int)Math.Pow(10, random.Next(1, 4));
            int low = random.Next(-scale, scale), high = low + random.Next(scale);
            bool openLow = random.Next(2) == 0, openHigh = random.Next(2) == 0;
            bool hasLow = random.Next(4) > 0, hasHigh = random.Next(4) > 0;
            Constraint? constraint = Compile("integer", hasLow ? low : null, hasHigh ? high : null, openLow, openHigh, null);
            for (int value = low - 30; value <= high + 30; value += 1 + random.Next(1 + (scale / 40)))
            {
                bool expected = (!hasLow || (openLow ? value > low : value >= low)) && (!hasHigh || (openHigh ? value < high : value <= high));
                Assert.True(expected == Accepts(constraint, value.ToString(CultureInfo.InvariantCulture)), $"{value} in {low}..{high}");
            }
        }
    }

    [Fact]
    public void Bounds_of_numbers_are_exact()
    {
        var random = new Random(6);
        for (int i = 0; i < 80; i++)
        {
            decimal low = Draw(random), high = low + Math.Abs(Draw(random));
            bool openLow = random.Next(2) == 0, openHigh = random.Next(2) == 0;
            bool hasLow = random.Next(4) > 0, hasHigh = random.Next(4) > 0;
            Constraint? constraint = Compile("number", hasLow ? low : null, hasHigh ? high : null, openLow, openHigh, null);
            for (int j = 0; j < 100; j++)
            {
                decimal value = random.Next(6) switch { 0 => low, 1 => high, 2 => low + (Draw(random) / 1000), 3 => high + (Draw(random) / 1000), _ => Draw(random) };
                string text = value.ToString(CultureInfo.InvariantCulture) + (value.Scale > 0 && random.Next(3) == 0 ? "00" : "");
                bool expected = (!hasLow || (openLow ? value > low : value >= low)) && (!hasHigh || (openHigh ? value < high : value <= high));
                Assert.True(expected == Accepts(constraint, text), $"{text} in {low} ({hasLow}, {openLow}) .. {high} ({hasHigh}, {openHigh})");
            }
        }
    }

    [Theory]
    [InlineData("integer", "3")]
    [InlineData("integer", "0.5")]
    [InlineData("integer", "2.5")]
    [InlineData("number", "0.01")]
    [InlineData("number", "0.75")]
    [InlineData("number", "12")]
    public void Only_multiples_of_the_divisor_are_accepted(string type, string divisor)
    {
        decimal by = decimal.Parse(divisor, CultureInfo.InvariantCulture);
        Constraint? constraint = Compile(type, -100, 100, false, false, by);
        var random = new Random(7);
        for (int i = 0; i < 400; i++)
        {
            decimal value = type == "integer" ? random.Next(-120, 120) : random.Next(2) == 0 ? by * random.Next(-50, 50) : Draw(random);
            value = new decimal((double)value) / 1.000000000000000m;
            if (type == "integer" || value.Scale <= by.Scale)
            {
                Assert.True((value % by == 0 && Math.Abs(value) <= 100) == Accepts(constraint, value.ToString(CultureInfo.InvariantCulture)), $"{value} by {by}");
            }
        }
    }

    private static decimal Draw(Random random)
        => (random.Next(2) * random.Next(200)) + (random.Next(-1000, 1000) / (decimal)Math.Pow(10, random.Next(4)));

    private static Constraint? Compile(string type, decimal? low, decimal? high, bool openLow, bool openHigh, decimal? divisor)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string schema = $"{{\"type\":\"{type}\""
            + (low is { } l ? $",\"{(openLow ? "exclusiveMinimum" : "minimum")}\":{l.ToString(culture)}" : "")
            + (high is { } h ? $",\"{(openHigh ? "exclusiveMaximum" : "maximum")}\":{h.ToString(culture)}" : "")
            + (divisor is { } d ? $",\"multipleOf\":{d.ToString(culture)}" : "") + "}";
        try
        {
            return Vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(schema));
        }
        catch (ConstraintException empty) when (empty.Message.StartsWith("Nothing can satisfy", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static bool Accepts(Constraint? constraint, string text)
        => constraint is not null && ConstraintWalker.Accepts(constraint, Vocabulary, Encoding.UTF8.GetBytes(text).Select(static value => (int)value));
}
