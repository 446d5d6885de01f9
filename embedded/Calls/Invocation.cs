using System.Reflection;
using System.Runtime.ExceptionServices;
using Orleans.Runtime;

namespace Orleans.Serialization.Invocation;

/// <summary>A method and its arguments, as filters see them.</summary>
public interface IInvokable
{
    /// <summary>How many arguments there are.</summary>
    int GetArgumentCount();

    /// <summary>One argument.</summary>
    object? GetArgument(int index);

    /// <summary>Replaces an argument.</summary>
    void SetArgument(int index, object value);

    /// <summary>The method's name.</summary>
    string GetMethodName();

    /// <summary>The interface's full name.</summary>
    string GetInterfaceName();

    /// <summary>The interface's method.</summary>
    MethodInfo GetMethod();
}

/// <summary>What became of a call.</summary>
public abstract class Response
{
    /// <summary>A call that gave nothing.</summary>
    public static Response Completed { get; } = new ResponseOf<object>(null, null);

    /// <summary>The result. Reading throws where the call failed.</summary>
    public abstract object? Result { get; set; }

    /// <summary>What the call failed with; null where it did not.</summary>
    public abstract Exception? Exception { get; set; }

    /// <summary>A result.</summary>
    public static Response FromResult<TResult>(TResult value) => new ResponseOf<TResult>(value, null);

    /// <summary>A failure.</summary>
    public static Response FromException(Exception exception) => new ResponseOf<object>(null, exception);

    /// <summary>The result; throws where the call failed.</summary>
    public abstract T GetResult<T>();

    private sealed class ResponseOf<TResult>(TResult? value, Exception? exception) : Response
    {
        public override object? Result { get => GetResult<object?>(); set => Value = (TResult?)value; }

        public override Exception? Exception { get; set; } = exception;

        private TResult? Value { get; set; } = value;

        public override T GetResult<T>()
        {
            if (Exception is not null) ExceptionDispatchInfo.Throw(Exception);
            return (T)(object?)Value!;
        }
    }
}

internal sealed class Invocation(MethodPlan plan, object?[] arguments) : IInvokable
{
    public int GetArgumentCount() => arguments.Length;

    public object? GetArgument(int index) => arguments[index];

    public void SetArgument(int index, object value) => arguments[index] = value;

    public string GetMethodName() => plan.Name;

    public string GetInterfaceName() => plan.InterfaceName;

    public MethodInfo GetMethod() => plan.Method;
}
