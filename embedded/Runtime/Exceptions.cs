namespace Orleans.Runtime
{
    /// <summary>The base of what the runtime itself throws.</summary>
    public class OrleansException : Exception
    {
        /// <summary>With a general message.</summary>
        public OrleansException() : base("Unexpected error.") { }

        /// <summary>With a message.</summary>
        public OrleansException(string message) : base(message) { }

        /// <summary>With a message and a cause.</summary>
        public OrleansException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The message could not be delivered; it did not run.</summary>
    public class OrleansMessageRejectionException : OrleansException
    {
        internal OrleansMessageRejectionException(string message) : base(message) { }
    }

    /// <summary>The silo that had the call is gone, or none is there; whether the call ran is unknown.</summary>
    public sealed class SiloUnavailableException : OrleansMessageRejectionException
    {
        /// <summary>With a general message.</summary>
        public SiloUnavailableException() : base("SiloUnavailableException") { }

        /// <summary>With a message.</summary>
        public SiloUnavailableException(string msg) : base(msg) { }
    }

    /// <summary>The grain that was being enumerated ended, or forgot the enumeration.</summary>
    public sealed class EnumerationAbortedException : Exception
    {
        /// <summary>With a general message.</summary>
        public EnumerationAbortedException() { }

        /// <summary>With a message.</summary>
        public EnumerationAbortedException(string message) : base(message) { }
    }
}

namespace Orleans.Storage
{
    /// <summary>Another activation wrote the state since it was read.</summary>
    public class InconsistentStateException : Runtime.OrleansException
    {
        /// <summary>With a message.</summary>
        public InconsistentStateException(string message) : base(message) { }
    }
}
